// Called by run.mjs inside a lab: haup beside Ansible, Mitogen, a script of ssh, and a bare connection, on the same pair.
//   node peers.mjs noop|change RUNS RESULT DIRECTORY-OF-PACKAGES
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { alternate, timed } from './alternate.mjs';

const [part, runs, result, packages] = process.argv.slice(2);
const root = join(import.meta.dirname, '..');
const bin = join(root, 'dist/bin.js');
const config = process.env.HAUP_SSH_CONFIG;
const hosts = ['keep_136', 'keep_137'];
const dir = mkdtempSync(join(tmpdir(), 'haup-peers-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

const ssh = (host, script, input) =>
  execFileSync('ssh', ['-F', config, host, script], { encoding: 'utf8', input, maxBuffer: 1 << 28 });

// Two inventories that differ in one line of nginx.conf, and the files that each means, as haup renders them.
const example = readFileSync(join(root, 'inventory.example.yaml'), 'utf8');
const states = ['1', '2'].map((count) => {
  const inventory = join(dir, `inventory-${count}.yaml`);
  writeFileSync(inventory, example.replace('# worker_processes: auto', `worker_processes: ${count}`));
  const haup = (...args) =>
    execFileSync(process.execPath, [bin, 'render', inventory, ...args], { encoding: 'utf8' });
  haup('-o', join(dir, count));
  const { files } = JSON.parse(haup('--json'));
  return { count, inventory, files };
});
const changes = part === 'change';

for (const host of hosts) {
  const tar = execFileSync('tar', ['-C', packages, '-c', '.'], { maxBuffer: 1 << 28 });
  ssh(
    host,
    'command -v python3 >/dev/null && { cat >/dev/null; exit; }; rm -rf /tmp/debs; mkdir /tmp/debs; tar -C /tmp/debs -x; cd /tmp/debs; for d in *.deb; do [ "$(dpkg-query -W -f "\${db:Status-Status}" "$(dpkg-deb -f "$d" Package)" 2>/dev/null)" = installed ] && rm "$d"; done; for n in 1 2 3; do dpkg -i *.deb >/dev/null 2>&1 && break; done; python3 -c 0',
    tar,
  );
}
const apply = ({ inventory }) => ({
  argv: [process.execPath, bin, 'apply', inventory, '--yes', ...(changes ? ['--json'] : [])],
});
// The hosts begin as the first inventory says; nothing of this is timed.
timed(apply(states[0]));
const packageNames = ssh(
  hosts[0],
  "dpkg-query -W -f '${Package} ' gcc make libssl-dev libpcre3-dev zlib1g-dev 2>/dev/null || true",
).trim();

// Ansible: the same files, modes, owners, versions, packages and services; a test before each reload.
const service = (path) => (/keepalived/.test(path) ? 'keepalived' : 'nginx');
for (const { count, files } of states) {
  const task = (name) => `
    - name: files of ${name}
      ansible.builtin.copy: { src: "${dir}/${count}/{{ inventory_hostname }}{{ item.path }}", dest: "{{ item.path }}", mode: "{{ item.mode }}", owner: "{{ item.owner.split(':')[0] }}", group: "{{ item.owner.split(':')[1] }}" }
      loop: "{{ ${name}_files }}"
      loop_control: { label: "{{ item.path }}" }
      notify: reload ${name}`;
  const reload = (name, test) => `
    - name: test ${name}
      ansible.builtin.command: ${test}
      listen: reload ${name}
    - name: reload ${name}
      ansible.builtin.service: { name: ${name}, state: reloaded }`;
  writeFileSync(
    join(dir, `play-${count}.yaml`),
    `- hosts: all
  gather_subset: ["!all", "min", "network"]
  any_errors_fatal: true
${changes ? '  serial: 1\n' : ''}  tasks:
    - ansible.builtin.command: /usr/local/nginx/sbin/nginx -V
      changed_when: false
    - ansible.builtin.command: /usr/local/keepalived/sbin/keepalived -v
      changed_when: false
    - ansible.builtin.command: dpkg-query -W ${packageNames}
      changed_when: false${task('keepalived')}${task('nginx')}
    - ansible.builtin.service: { name: keepalived, enabled: true, state: started }
    - ansible.builtin.service: { name: nginx, enabled: true, state: started }
  handlers:${reload('keepalived', '/usr/local/keepalived/sbin/keepalived -t')}${reload('nginx', '/usr/local/nginx/sbin/nginx -t')}
`,
  );
  for (const host of hosts) {
    mkdirSync(join(dir, 'host_vars'), { recursive: true });
    const mine = (name) =>
      files
        .filter((file) => file.host === host && service(file.path) === name)
        .map(({ path, mode, owner }) => ({ path, mode, owner }));
    writeFileSync(
      join(dir, `host_vars/${host}.yaml`),
      JSON.stringify({ nginx_files: mine('nginx'), keepalived_files: mine('keepalived') }),
    );
  }
}
writeFileSync(join(dir, 'hosts'), hosts.map((host) => `${host}\n`).join(''));
const settings = (strategy) => `[defaults]
inventory = ${dir}/hosts
forks = 50
strategy = ${strategy}
interpreter_python = /usr/bin/python3
host_key_checking = false
retry_files_enabled = false
deprecation_warnings = false
[ssh_connection]
pipelining = true
ssh_args = -F ${config} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${dir}/cp
`;
const ansible = (strategy) => {
  const file = join(dir, `${strategy}.cfg`);
  writeFileSync(file, settings(strategy));
  return ({ count }) => ({
    argv: ['ansible-playbook', join(dir, `play-${count}.yaml`)],
    env: { ANSIBLE_CONFIG: file },
    says: changes ? /changed=[1-9]/ : /changed=0/,
  });
};

// By hand: files travel as a tar, differ or not, and each daemon tests what it is to read.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
for (const { count, files } of states) {
  const scripts = hosts.map((host) => {
    const lines = files
      .filter((file) => file.host === host)
      .map(({ path, mode, owner }) => `put ${quoted(path)} ${mode} ${owner} ${service(path)}`);
    const script = `set -e; s=$(mktemp -d); trap 'rm -rf "$s"' EXIT; tar -C "$s" -x; changed=
put() { if ! cmp -s "$s$1" "$1"; then mkdir -p "\${1%/*}"; cp "$s$1" "$1.new"; chmod "$2" "$1.new"; chown "$3" "$1.new"; mv "$1.new" "$1"; changed="$changed $4"; fi; [ "$(stat -c '0%a %U:%G' "$1")" = "$2 $3" ]; }
${lines.join('\n')}
/usr/local/nginx/sbin/nginx -V 2>/dev/null; /usr/local/keepalived/sbin/keepalived -v 2>/dev/null
dpkg-query -W ${packageNames} >/dev/null
case $changed in *nginx*) /usr/local/nginx/sbin/nginx -t 2>/dev/null; systemctl reload nginx ;; esac
case $changed in *keepalived*) /usr/local/keepalived/sbin/keepalived -t; systemctl reload keepalived ;; esac
systemctl -q is-enabled keepalived nginx; systemctl -q is-active keepalived nginx; echo "changed:$changed"`;
    writeFileSync(join(dir, `by-hand-${count}-${host}.sh`), script);
    return `{ tar -C ${dir}/${count}/${host} -c . | ssh -F ${config} ${host} "$(cat ${dir}/by-hand-${count}-${host}.sh)"; }`;
  });
  const text = changes
    ? scripts.join(' &&\n')
    : `${scripts.map((one) => `${one} & pids="$pids $!"`).join('\n')}\nfor p in $pids; do wait "$p" || exit 1; done`;
  writeFileSync(join(dir, `by-hand-${count}.sh`), `${text}\n`);
}
const byHand = ({ count }) => ({
  argv: ['sh', join(dir, `by-hand-${count}.sh`)],
  says: changes ? /changed: nginx/ : /changed:$/m,
});

const tools = {
  ...(changes
    ? {}
    : {
        'bare connections': () => ({
          argv: [process.execPath, join(import.meta.dirname, 'bare.mjs'), ...hosts],
        }),
      }),
  haup: (state) => (changes ? apply(state) : { ...apply(state), says: /Nothing to do/ }),
  'ssh by hand': byHand,
  Ansible: ansible('linear'),
  'Ansible with Mitogen': ansible('mitogen_linear'),
};
const left = {};
for (const name of Object.keys(tools)) {
  // Each does its work once before anything is measured; one that cannot is named, not measured.
  try {
    timed(tools[name](states[changes ? 1 : 0]));
    if (changes) timed(apply(states[0]));
  } catch (error) {
    left[name] = error.message.split('\n').slice(0, 4).join(' ').slice(0, 400);
    delete tools[name];
    process.stderr.write(`${name} is left out: ${left[name]}\n`);
    timed(apply(states[0]));
  }
}

// Each changes what the one before it left: the state goes to and fro.
let turn = 0;
const next = () => states[changes ? (turn += 1) % 2 : 0];
const commands = Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, () => tool(next())]));
/** What an apply of haup waited for VIPs to move: its drains, and the ends of them. */
const waited = (name, { stdout }) => {
  if (!changes || name !== 'haup') return {};
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const drains = events.filter(
    ({ type, change }) => type === 'changed' && /drain/.test(`${change?.kind} ${change?.id}`),
  );
  return { waitedMs: drains.reduce((sum, { ms }) => sum + ms, 0) };
};
const measured = alternate(commands, Number(runs), { after: waited });

// A host's processes are counted by its PID namespace: the last one that the kernel has numbered.
const lastPid = (host) => Number(ssh(host, 'cat /proc/loadavg').trim().split(' ').at(-1));
const started = (work) => {
  const before = hosts.map(lastPid);
  work();
  return hosts.map((host, at) => lastPid(host) - before[at]);
};
const none = Math.min(...[1, 2, 3].flatMap(() => started(() => {})));
for (const [name, command] of Object.entries(commands)) {
  const counts = [1, 2, 3].flatMap(() => started(() => timed(command())));
  measured[name].processes = Math.max(0, Math.min(...counts) - none);
}
spawnSync('sh', ['-c', `for s in ${dir}/cp/*; do [ -S "$s" ] && ssh -o ControlPath="$s" -O exit x; done`], {
  stdio: 'ignore',
});
mkdirSync(dirname(result), { recursive: true });
writeFileSync(result, JSON.stringify({ measured, left }));
