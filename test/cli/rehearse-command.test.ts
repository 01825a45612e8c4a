import { expect, test } from 'vitest';
import { isolationText } from '../../src/cli/rehearse-command.ts';
import { read } from '../inventory/reading.ts';

const own = `hosts:
  a: { address: 10.0.0.1, ssh: { user: ops, port: 2222, jump: gate, host_key: "SHA256:${'A'.repeat(43)}", password: "env:NO_SUCH" } }
  b: { address: 10.0.0.2, ansible_user: ops, ansible_port: 2222 }
  c:
    address: 10.0.0.3
vips: [{ address: 10.0.0.9, hosts: [a, b, c] }]
vrrp: { advert_int: 3 }
hooks: { before_apply: rm -rf /, timeout: 5 }
`;

test('a lab is reached as root on port 22, and no hook runs; everything else is as written', () => {
  const real = read(own);
  const lab = read(own, { overlay: { text: isolationText(real), file: 'rehearsal.yaml', by: 'the lab' } });
  for (const { ssh } of lab.hosts) {
    expect(ssh).toMatchObject({ identityFile: null, jump: null, hostKey: null, password: null });
    expect([null, 'root']).toContain(ssh.user);
    expect([null, 22]).toContain(ssh.port);
  }
  expect([Object.keys(real.hooks.commands).length, Object.keys(lab.hooks.commands).length]).toEqual([1, 0]);
  expect(lab.vips).toEqual(real.vips);
  expect(lab.hosts.map(({ name, address }) => [name, address])).toEqual(
    real.hosts.map(({ name, address }) => [name, address]),
  );
});
