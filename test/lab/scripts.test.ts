import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bootScript } from '../../src/lab/boot-script.ts';
import { keeperScript } from '../../src/lab/keeper.ts';
import { defaultRoots, hostPaths, labPaths } from '../../src/lab/names.ts';

const paths = labPaths(defaultRoots, 'try');
const image = { root: '/var/cache/haup/images/x/root', pool: '/var/cache/haup/images/x/pool' };
const parses = (script: string) => spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
const boot = (name: string): string =>
  bootScript(
    'try',
    { name, address: '192.168.160.136', interface: 'ens33', flavour: 'apt' },
    hostPaths(paths, name),
    image,
    null,
  );

test('a boot script is valid sh for every host name', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?$/), (name) => {
      expect(parses(boot(name))).toMatchObject({ status: 0, stderr: '' });
    }),
    { numRuns: 20 },
  );
});

test('a host boots again only for a reboot, each time with a new network', () => {
  const script = boot('keep_136');
  expect(script).toContain('[ $status -eq 133 ] || exit 0');
  expect(script).toContain('namespace=haup.try.keep_136\n');
  expect(script.indexOf('ip netns delete "$namespace"')).toBeLessThan(
    script.indexOf('ip netns add "$namespace"'),
  );
});

test('a keeper is valid sh whatever the path of haup', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (words) => {
      const down = words.map((word) => word.replaceAll('\0', ''));
      expect(
        parses(keeperScript('try', paths.dir, { pid: 42, down, program: down[0] ?? '' }, 1234)),
      ).toMatchObject({
        status: 0,
        stderr: '',
      });
    }),
    { numRuns: 20 },
  );
});
