import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { hostScript } from '../../src/base/host-script.ts';
import { ownerWord, readOwnerWord } from '../../src/base/owner-word.ts';
import { shells } from '../shells.ts';
import { waitFor } from '../wait-for.ts';
import { recordScript } from './record-script.ts';
import { scratchDirectory } from '../scratch.ts';

const owner = { who: 'ana@desk', since: '2026-11-29T10:00:00.000Z', why: 'haup apply' };

describe.each(shells)('facts of a host name the owner of its lock, by %s', (_shell, program, args) => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
  });

  const here = (script: string): string => script.replaceAll('/run/haup', `${root}/haup`);
  const named = (): object[] =>
    execFileSync(program, [...args, '-c', `${here(recordScript)}\ntrue`], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.startsWith('lock\t'))
      .map((line) => readOwnerWord(line.slice(5)));

  test('while a process holds it, and no longer', async () => {
    expect(named()).toEqual([]);
    const beat = join(root, 'haup.lock.beat');
    const script = hostScript('hold-lock', { beat_file: beat, owner: ownerWord(owner), silence: 40 });
    const holding = spawn(program, [...args, '-c', here(script)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => holding.once('exit', resolve));
    let said = '';
    holding.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await waitFor(() => expect(said).toMatch(/^held/));
    expect(named()).toEqual([owner]);
    holding.kill('SIGKILL');
    await ended;
    expect(readFileSync(join(root, 'haup.lock.who'), 'utf8')).toContain('owner=');
    expect(named()).toEqual([]);
  });

  test('and while the host finishes by itself what its owner entrusted to it', () => {
    writeFileSync(join(root, 'haup.lock.who'), `pid=0\nowner=${ownerWord(owner)}\n`);
    expect(named()).toEqual([]);
    writeFileSync(join(root, 'haup.finish.now'), '');
    expect(named()).toEqual([owner]);
  });
});
