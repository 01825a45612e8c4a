// Hosts for the benchmark of fleets: what bench/light-hosts.sh starts them from.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { bin, example } from './pair.mjs';

export const address = (at) => `10.77.${Math.floor(at / 200)}.${(at % 200) + 1}`;
/** That nothing answers at. */
const silent = '10.77.255.1';

// systemd does not run there: its answers are those of a host that has nothing to do.
const systemctl = `#!/bin/sh
case $1 in
  is-enabled) echo enabled ;;
  is-active) echo active ;;
  show)
    for word do
      case $word in keepalived*|nginx*) ;; *) continue ;; esac
      name=\${word%.service}
      printf '%s\\n' "Id=$name.service" LoadState=loaded ActiveState=active SubState=running UnitFileState=enabled \\
        "FragmentPath=/etc/systemd/system/$name.service" NeedDaemonReload=no MainPID=0 ''
    done
    ;;
esac
`;

/** An inventory of so many hosts in pairs, each with a VIP. `dead`: the last host does not answer. */
export function fleetInventory(directory, size, { dead = false, overlay }) {
  const { vrrp, keepalived, nginx } = parse(readFileSync(example, 'utf8'));
  const addressOf = (at) => (dead && at === size - 1 ? silent : address(at));
  const names = Array.from({ length: size }, (_, at) => `h${at}`);
  const inventory = {
    hosts: Object.fromEntries(
      names.map((name, at) => [name, { address: addressOf(at), interface: 'ens33' }]),
    ),
    vips: names.slice(size / 2).map((_, pair) => ({
      address: vip(pair),
      virtual_router_id: (pair % 250) + 1,
      hosts: [names[2 * pair], names[2 * pair + 1]],
    })),
    vrrp,
    keepalived: { ...keepalived, ...overlay.keepalived },
    nginx: { ...nginx, ...overlay.nginx },
  };
  const path = join(directory, `inventory-${size}${dead ? '-dead' : ''}.yaml`);
  writeFileSync(path, JSON.stringify(inventory));
  return path;
}

const vip = (pair) => `10.77.${100 + Math.floor(pair / 200)}.${(pair % 200) + 1}`;

/** Starts the hosts of an inventory. `lower`: the directories of their common disk, the upper one first. */
export function startLightHosts(directory, inventory, size, lower) {
  const env = { ...process.env, HAUP_OVERLAY: '' };
  const haup = (...args) =>
    execFileSync(process.execPath, [bin, 'render', inventory, ...args], {
      encoding: 'utf8',
      env,
      maxBuffer: 1 << 28,
    });
  haup('-o', join(directory, 'files'));
  const { files } = JSON.parse(haup('--json'));
  for (const { host, path, mode } of files)
    chmodSync(join(directory, 'files', host, path), Number.parseInt(mode, 8));
  const list = Array.from({ length: size }, (_, at) => {
    const program = join(directory, 'files', `h${at}`, 'usr/bin/systemctl');
    mkdirSync(join(program, '..'), { recursive: true });
    writeFileSync(program, systemctl, { mode: 0o755 });
    return `h${at} ${address(at)} ${at % 2 === 0 ? vip(at / 2) : '-'}\n`;
  });
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, key)]);
  copyFileSync(join(directory, 'user.pub'), join(directory, 'authorized'));
  execFileSync('sh', [join(import.meta.dirname, 'light-hosts.sh'), directory, lower.join(':')], {
    input: list.join(''),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const sshConfig = join(directory, 'ssh_config');
  writeFileSync(
    sshConfig,
    Array.from({ length: size }, (_, at) =>
      [
        `Host h${at} ${address(at)}`,
        `  HostName ${address(at)}`,
        '  User root',
        `  IdentityFile ${directory}/user`,
        `  UserKnownHostsFile ${directory}/known_hosts`,
        '  StrictHostKeyChecking accept-new',
        '',
      ].join('\n'),
    ).join('') + `Host *\n  IdentityFile ${directory}/user\n`,
  );
  return { sshConfig, files };
}
