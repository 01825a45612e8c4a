import type { TestProject } from 'vitest/node';
import { figure, givenLab, haup, inLab, mainLab } from './haup.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** How the first apply of the example went, on bare hosts. */
    firstApply: { readonly code: number; readonly stdout: string; readonly ms: number };
  }
}

/** One lab with the example inventory applied from source, for every test that needs a serving pair. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const keeper = givenLab === undefined ? ['--for-pid', String(process.pid)] : [];
  const up = await haup(['lab', 'up', 'inventory.example.yaml', '--name', mainLab, '--yes', ...keeper], {
    limitMs: 600_000,
  });
  if (up.code !== 0) throw new Error(`The lab does not start.\n${up.stdout}${up.stderr}`);
  figure(`lab up: ${(up.ms / 1000).toFixed(1)} s`);
  const apply = await inLab(mainLab, ['apply', 'inventory.example.yaml', '--yes', '--no-cached-builds'], {
    limitMs: 600_000,
  });
  if (apply.code !== 0)
    throw new Error(`The first apply failed.\n${apply.stdout.slice(-3000)}${apply.stderr.slice(-5000)}`);
  figure(`first apply on two bare hosts, both daemons from source: ${(apply.ms / 1000).toFixed(1)} s`);
  project.provide('firstApply', { code: apply.code, stdout: apply.stdout, ms: apply.ms });
  return async () => {
    if (givenLab === undefined) await haup(['lab', 'down', '--name', mainLab]);
  };
}
