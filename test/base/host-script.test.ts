import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { recordDirectory } from '../../src/model/layout.ts';
import { hostScript } from '../../src/base/host-script.ts';

const sh = (script: string): string => execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });

describe('the arguments of a script', () => {
  test('are what they were, whatever is in them', () => {
    const user = 'a\'b $(exit 1) \\ "c"\nd';
    expect(sh(`${hostScript('create-user', { user }).split('set -e')[0]}printf %s "$user"`)).toBe(user);
  });

  test('that model/layout.ts defines come from there', () => {
    expect(sh(`${hostScript('recording')}printf %s "$record_directory"`)).toBe(recordDirectory);
  });

  test('are all there, and no others', () => {
    expect(() => hostScript('create-user')).toThrow('recording, create-user: user is missing');
    expect(() => hostScript('create-user', { user: 'a', usr: 'b' })).toThrow('takes no usr');
    expect(() => hostScript('recording', {}, ['a'])).toThrow('takes no $@');
  });
});

test('what a script needs comes before it, once', () => {
  const text = hostScript(['recording', 'create-user'], { user: 'a' });
  expect(text.match(/^remember\(\)/gm)).toHaveLength(1);
  expect(text.indexOf('remember()')).toBeLessThan(text.indexOf('useradd'));
});

test('a script without a file is an error', () => {
  expect(() => hostScript('none')).toThrow('there is no script none.sh');
});
