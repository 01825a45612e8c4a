import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  drainFile,
  foundDirectory,
  historyDirectory,
  installedList,
  recordDirectory,
  sourceDirectory,
  stateDirectory,
} from '../../src/model/layout.ts';
import { nftRules } from '../../src/model/firewall-rules.ts';
import { forget } from '../../src/ssh/builds/remove-build.ts';
import { stageOf } from '../../src/ssh/write-set.ts';
import { shells } from '../shells.ts';
import { scratchDirectory } from '../scratch.ts';

describe.each(shells)('by %s', (_shell, program, args) => {
  let root: string;
  const at = (path: string): string => path.replace(stateDirectory, `${root}/haup`);
  beforeEach(() => {
    root = scratchDirectory();
    for (const path of [recordDirectory, foundDirectory, historyDirectory, sourceDirectory, stageOf('nginx')])
      mkdirSync(at(path), { recursive: true });
    for (const path of [drainFile, installedList('nginx', '/opt/nginx'), nftRules, `${sourceDirectory}/x`])
      writeFileSync(at(path), '');
  });
  const run = (): string =>
    execFileSync(program, [...args, '-c', forget().script.replaceAll(stateDirectory, `${root}/haup`)], {
      encoding: 'utf8',
    }).replaceAll(root, '');

  test('all that haup keeps on a host goes', () => {
    expect(run()).toBe('');
    expect(existsSync(`${root}/haup`)).toBe(false);
  });

  test('what somebody else has put there stays, and is named; labs stay', () => {
    mkdirSync(`${root}/haup/labs/x`, { recursive: true });
    writeFileSync(`${root}/haup/installed-by-me`, '');
    expect(run()).toBe('haup: not put there by haup, and left: /haup/installed-by-me\n');
    expect(readdirSync(`${root}/haup`).sort()).toEqual(['installed-by-me', 'labs']);
  });
});
