// Ansible, and Ansible with Mitogen, doing what haup does: bench/peers/site.yaml.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const playbook = join(import.meta.dirname, 'peers/site.yaml');

/** As fast as its documentation says that it can be made. */
export function settings({ inventory, strategy, sshConfig, control }) {
  return `[defaults]
inventory = ${inventory}
forks = 50
strategy = ${strategy}
interpreter_python = /usr/bin/python3
host_key_checking = false
retry_files_enabled = false
deprecation_warnings = false
timeout = 60
[ssh_connection]
pipelining = true
ssh_args = -F ${sshConfig} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${control}
`;
}

/**
 * Commands of the play, by strategy. `files`: those of all hosts, as `haup render --json` lists them; `software`: name,
 * version, tarball and the options of ./configure.
 */
export function ansible(directory, { hosts, files, software, packages, serviceOf, sshConfig, serial }) {
  const control = join(directory, 'control');
  const inventory = join(directory, 'hosts');
  writeFileSync(inventory, hosts.map((host) => `${host}\n`).join(''));
  mkdirSync(join(directory, 'host_vars'), { recursive: true });
  mkdirSync(join(directory, 'group_vars'), { recursive: true });
  for (const host of hosts) {
    const of = (service) =>
      files
        .filter((file) => file.host === host && serviceOf(file.path) === service)
        .map(({ path, mode, owner }) => ({ path, mode, owner }));
    writeFileSync(
      join(directory, `host_vars/${host}.yaml`),
      JSON.stringify({ nginx_files: of('nginx'), keepalived_files: of('keepalived') }),
    );
  }
  writeFileSync(
    join(directory, 'group_vars/all.yaml'),
    JSON.stringify({
      packages,
      software: software.map(({ name, version, tarball, configure }) => ({
        name,
        version,
        tarball,
        configure,
        unpacked: `${name}-${version}`,
        directories: [
          ...new Set(files.filter(({ path }) => serviceOf(path) === name).map(({ path }) => dirname(path))),
        ].join(' '),
      })),
    }),
  );
  return {
    by(strategy) {
      const file = join(directory, `${strategy}.cfg`);
      writeFileSync(file, settings({ inventory, strategy, sshConfig, control }));
      return (rendered) => ({
        argv: [
          'ansible-playbook',
          playbook,
          '-e',
          JSON.stringify({ rendered, at_once: serial ? 1 : '100%' }),
        ],
        env: { ANSIBLE_CONFIG: file },
      });
    },
    /** Ends the connections that it keeps open. */
    disconnect() {
      for (const name of readable(control))
        spawnSync('ssh', ['-o', `ControlPath=${join(control, name)}`, '-O', 'exit', 'host'], {
          stdio: 'ignore',
        });
    },
  };
}

function readable(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
