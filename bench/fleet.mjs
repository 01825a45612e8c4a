// Part of `npm run bench`: an apply that changes nothing, on many light hosts, beside bare connections and Ansible.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { alternate, Interrupted, timed } from './alternate.mjs';
import { ansible } from './ansible.mjs';
import { fleetInventory, startLightHosts } from './light-hosts.mjs';
import { bin, example, hosts, startPair } from './pair.mjs';
import { packages, serviceOf, software } from './wanted.mjs';

const mostForAnsible = 50;
/** A tool whose first run takes longer is measured once more, and not in every round. */
const longMs = 60_000;
const connectSeconds = 5;

/** `sizes`: numbers of hosts. @returns by size, and `dead` */
export async function fleet(sizes, runs) {
  const directory = mkdtempSync(join(tmpdir(), 'haup-fleet-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const pair = await startPair(directory);
  try {
    timed({
      argv: pair.inside(process.execPath, bin, 'apply', example, '--yes'),
      env: pair.env,
    });
    pair.ssh(hosts[0], `apt-get -qq update && apt-get -qq install --no-install-recommends ${packages}`);
    const common = {
      overlay: parse(readFileSync(pair.env.HAUP_OVERLAY, 'utf8')),
      software: software(pair.env.HAUP_OVERLAY),
      lower: pair.save(),
    };
    pair.powerOff();
    const task = { directory, sizes, runs, ...common };
    const result = join(directory, 'result.json');
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    execFileSync(
      'unshare',
      [...namespaces, process.execPath, import.meta.filename, JSON.stringify(task), result],
      { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, HAUP_OVERLAY: '' } },
    );
    return JSON.parse(readFileSync(result, 'utf8'));
  } finally {
    pair.stop();
  }
}

/** In the namespaces. */
function measure({ directory, sizes, runs, overlay, software: built, lower }) {
  const most = Math.max(...sizes);
  const inventories = new Map(sizes.map((size) => [size, fleetInventory(directory, size, { overlay })]));
  const { sshConfig, files } = startLightHosts(directory, inventories.get(most), most, lower);
  const env = { HAUP_SSH_CONFIG: sshConfig, HOME: directory };
  const apply = (inventory, ...more) => ({
    argv: [process.execPath, bin, 'apply', inventory, '--yes', ...more],
    env,
  });

  const result = {};
  for (const size of sizes) {
    process.stderr.write(`${size} hosts\n`);
    const names = Array.from({ length: size }, (_, at) => `h${at}`);
    const own = join(directory, `ansible-${size}`);
    mkdirSync(own);
    const play = ansible(own, {
      hosts: names,
      files,
      software: built,
      packages,
      serviceOf,
      sshConfig,
      serial: false,
    });
    const tools = {
      'bare connections': {
        argv: [process.execPath, join(import.meta.dirname, 'bare.mjs'), ...names],
        env,
      },
      haup: { ...apply(inventories.get(size)), says: /Nothing to do/ },
    };
    const playbook = {
      ...play.by('linear')(join(directory, 'files')),
      says: new RegExp(`(?:^h\\d+ .*changed=0 .*unreachable=0 .*failed=0[^]*?){${size}}`, 'm'),
    };
    const times = {};
    try {
      const ms = size <= mostForAnsible ? works(playbook) : null;
      if (ms !== null) tools.Ansible = playbook;
      if (ms > longMs) times.Ansible = 1;
      result[size] = alternate(tools, runs, { times });
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      // More hosts than this machine can bear: what was measured is kept.
      process.stderr.write(`${size} hosts are left out: ${error.message.slice(0, 2000)}\n`);
      break;
    } finally {
      play.disconnect();
    }
  }
  const measured = Math.max(0, ...Object.keys(result).map(Number));
  if (measured === 0) throw new Error('No number of hosts could be measured: see above.');
  const dead = fleetInventory(directory, measured, { overlay, dead: true });
  const { ms } = timed({ ...apply(dead, '--connect-timeout', String(connectSeconds)), status: 4 });
  return { ...result, dead: { hosts: measured, limitMs: connectSeconds * 1000, ms } };
}

/** How long it took. Ansible may not be installed, or fail: then null, and the others are measured without it. */
function works(command) {
  try {
    return timed(command).ms;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    process.stderr.write(`Ansible is left out: ${error.message.slice(0, 2000)}\n`);
    return null;
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , task, file] = process.argv;
  writeFileSync(file, JSON.stringify(measure(JSON.parse(task))));
  // The hosts end with the first process of their namespace, which this is.
  process.exit(0);
}
