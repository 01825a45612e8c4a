import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseComplaints } from '../../src/facts/complaints.ts';
import { parseWire, wireScript } from '../../src/facts/wire-script.ts';
import { scratchDirectory } from '../scratch.ts';

/**
 * Runs the script with an `ip` of which `use` may be unknown: 10.0.0.1 is answered, 10.0.0.2 is not, 10.0.0.3 is set
 * for good. Gives what was understood, and each call of it.
 */
function asked([shell = '', ...options]: readonly string[], knowsUse: boolean) {
  const directory = scratchDirectory();
  const log = join(directory, 'log');
  writeFileSync(
    join(directory, 'ip'),
    `#!/bin/sh
echo "$*" >> ${log}
case "$*" in
  *' use') ${knowsUse ? 'exit 0' : 'exit 255'} ;;
  'neigh show 10.0.0.3 dev e0 nud permanent') echo '10.0.0.3 lladdr 02:00:00:00:00:03 PERMANENT' ;;
  *'nud permanent') ;;
  'neigh show 10.0.0.1 dev e0') echo '10.0.0.1 lladdr 02:00:00:00:00:01 REACHABLE' ;;
  'neigh show 10.0.0.2 dev e0') echo '10.0.0.2 ${knowsUse ? 'INCOMPLETE' : 'lladdr ff:ff:ff:ff:ff:ff PROBE'}' ;;
esac
`,
  );
  writeFileSync(join(directory, 'sleep'), '#!/bin/sh\n');
  for (const name of ['ip', 'sleep']) chmodSync(join(directory, name), 0o755);
  const ask = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => ({ address, interface: 'e0' }));
  const script = wireScript({ ask, hear: [], seconds: 1 });
  const ran = spawnSync(shell, [...options, '-c', script], {
    env: { ...process.env, PATH: `${directory}:${process.env['PATH']}` },
  });
  return { wire: parseWire('a', ran.stdout), calls: readFileSync(log, 'utf8').trim().split('\n') };
}

describe.each([['dash'], ['bash'], ['busybox', 'sh']])(
  'who answers for an address, asked by %s',
  (...shell) => {
    test.each([
      ['iproute2 that knows `use`', true],
      ['an older one', false],
    ])('%s', (_, knowsUse) => {
      const { wire, calls } = asked(shell, knowsUse);
      expect(wire).toEqual({
        adverts: [],
        claims: [{ address: '10.0.0.1', interface: 'e0', mac: '02:00:00:00:00:01' }],
        deaf: false,
      });
      // Nothing is left, and what somebody has set is not touched.
      expect(calls.slice(-2)).toEqual(['neigh del 10.0.0.1 dev e0', 'neigh del 10.0.0.2 dev e0']);
      expect(calls.filter((call) => call.includes('10.0.0.3'))).toEqual([
        'neigh show 10.0.0.3 dev e0 nud permanent',
      ]);
    });
  },
);

test('of each sender and VRID the last advert counts', () => {
  const said = [
    'advert\t10.0.0.9\t2\t51\t100\t10.0.0.1,10.0.0.2',
    'advert\t10.0.0.9\t2\t51\t0\t10.0.0.1',
    'end',
    '',
  ];
  expect(parseWire('a', Buffer.from(said.join('\n'))).adverts).toEqual([
    { from: '10.0.0.9', version: 2, virtualRouterId: 51, priority: 0, addresses: ['10.0.0.1'] },
  ]);
  expect(() => parseWire('a', Buffer.from('advert\t10.0'))).toThrow(/cut off/);
});

test('the complaints of keepalived, or none', () => {
  expect(parseComplaints([])).toEqual({});
  expect(
    parseComplaints(['(VI_1) Entering MASTER STATE', '(VI_1) received a 0 auth, expecting 1!', '']),
  ).toEqual({ complaints: ['(VI_1) received a 0 auth, expecting 1!'] });
});
