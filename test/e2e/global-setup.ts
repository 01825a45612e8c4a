import type { TestProject } from 'vitest/node';
import { givenLab, haup, inLab, mainLab } from './haup.ts';
import { upInstalled } from './installed.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Why there is no lab to share; null: there is one. */
    noLab: string | null;
  }
}

/** One lab with the example applied, for every test that needs a serving pair. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  try {
    if (givenLab === undefined) await upInstalled(mainLab, ['--for-pid', String(process.pid)]);
    else {
      const ran = await inLab(givenLab, ['apply', 'inventory.example.yaml', '--yes']);
      if (ran.code !== 0) throw new Error(`HAUP_TEST_LAB=${givenLab}: ${ran.stdout}${ran.stderr}`);
    }
    project.provide('noLab', null);
  } catch (error) {
    // Thrown here, it would be all that is said: in each file it has names of tests that it blocks.
    project.provide('noLab', error instanceof Error ? error.message : String(error));
  }
  return async () => {
    if (givenLab === undefined) await haup(['lab', 'down', '--name', mainLab]);
  };
}
