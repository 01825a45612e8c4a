// Parts of `npm run bench`: haup beside Ansible, Mitogen, a script of ssh, and bare connections, on the same pair.
//   install  both daemons from source on bare hosts
//   noop     an apply that changes nothing
//   change   one line of nginx.conf, host by host
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternate, Interrupted, timed } from './alternate.mjs';
import { ansible } from './ansible.mjs';
import { byHand } from './by-hand.mjs';
import { bin, example, hosts, startPair } from './pair.mjs';
import { hostProcesses } from './host-processes.mjs';
import { packages, serviceOf, software } from './wanted.mjs';

/** @returns what each tool took, and why others were left out */
export async function peers(part, runs, { only, lab }) {
  const directory = mkdtempSync(join(tmpdir(), 'haup-peers-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const pair = await startPair(directory, lab);
  try {
    if (part === 'install') pair.save();
    return compare(part, runs, only, pair, directory);
  } finally {
    pair.stop();
  }
}

function compare(part, runs, only, pair, directory) {
  const states = ['1', '2'].map((count) => render(directory, count, pair.env));
  const all = {
    hosts,
    files: states[0].files,
    software: software(pair.env.HAUP_OVERLAY),
    packages,
    serviceOf,
    sshConfig: pair.env.HAUP_SSH_CONFIG,
  };
  const serial = part === 'change';
  const play = ansible(directory, { ...all, serial });
  const script = byHand({ ...all, tarballs: part === 'install' });

  const inLab = ({ argv, env, ...more }) => ({
    argv: pair.inside(...argv),
    env: { ...pair.env, ...env },
    ...more,
  });
  const prepared = ({ inventory }) => inLab({ argv: [process.execPath, bin, 'apply', inventory, '--yes'] });
  // Compiled code is kept for one build of haup: another one at work on this machine must not replace it.
  const haup = ({ inventory }, ...more) =>
    inLab({
      argv: [process.execPath, bin, 'apply', inventory, '--yes', ...more],
      env: { XDG_CACHE_HOME: directory },
    });
  const recap = hosts.map((host) => `${host} .*changed=${part === 'noop' ? '0' : '[1-9]'}`).join('[^]*');
  const playbook = (strategy) => {
    const by = play.by(strategy);
    return (state) => ({ ...inLab(by(state.rendered)), says: new RegExp(recap) });
  };
  const changed = { install: 'changed: .+', noop: 'changed:$', change: 'changed: nginx$' }[part];
  const tools = {
    ...(part === 'noop'
      ? {
          'bare connections': () =>
            inLab({ argv: [process.execPath, join(import.meta.dirname, 'bare.mjs'), ...hosts] }),
        }
      : {}),
    haup: {
      install: (state) => haup(state, '--no-cached-builds'),
      noop: (state) => ({ ...haup(state), says: /Nothing to do/ }),
      change: (state) => haup(state, '--json'),
    }[part],
    'ssh by hand': (state) => ({
      ...inLab(script(state.rendered, { serial })),
      says: new RegExp(`${changed}[^]*${changed}`, 'm'),
    }),
    Ansible: playbook('linear'),
    'Ansible with Mitogen': playbook('mitogen_linear'),
  };

  /** Throws unless both hosts are as the state says: then the script has nothing to do. */
  const check = (state) => timed({ ...inLab(script(state.rendered)), says: /changed:$[^]*changed:$/m });
  if (part !== 'install') {
    // The hosts begin as the first state says, and with the packages that only a build needs.
    timed(prepared(states[0]));
    timed(inLab(script(states[0].rendered)));
    check(states[0]);
  }
  const processes = hostProcesses(pair, { idle: part !== 'install' });

  // To and fro: each tool changes what the one before left.
  let at = 0;
  const next = () => states[part === 'change' ? (at += 1) % 2 : 0];
  let state = states[0];
  const before = () => {
    if (part === 'install') {
      play.disconnect();
      pair.restart();
    }
    processes.begin();
  };
  const after = (name, took) => {
    const started = processes.end(took.ms);
    if (name !== 'bare connections') check(state);
    return {
      processes: started,
      ...(name === 'haup' && part === 'change' ? { waitedMs: waited(took) } : {}),
    };
  };
  const command = (tool) => () => tool((state = next()));

  for (const name of Object.keys(tools)) if (only?.includes(name) === false) delete tools[name];
  const left = {};
  for (const [name, tool] of Object.entries(tools)) {
    // Each does its work once before anything is measured; one that cannot is named, not measured.
    try {
      before();
      after(name, timed(command(tool)()));
    } catch (error) {
      if (error instanceof Interrupted || name === 'haup' || name === 'ssh by hand') throw error;
      left[name] = (/^(?:fatal|ERROR).*/m.exec(error.message)?.[0] ?? error.message.split('\n')[0]).slice(
        0,
        300,
      );
      delete tools[name];
      process.stderr.write(`${name} is left out: ${error.message}\n`);
      if (part !== 'install') timed(prepared(state));
    }
  }
  const commands = Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, command(tool)]));
  const measured = runs === 0 ? {} : alternate(commands, runs, { warmups: 0, before, after });
  play.disconnect();
  return { measured, left };
}

/** An inventory, and the files that it means as haup renders them. Two of them differ in one line of nginx.conf. */
function render(directory, count, env) {
  const inventory = join(directory, `inventory-${count}.yaml`);
  const text = readFileSync(example, 'utf8');
  writeFileSync(inventory, text.replace('# worker_processes: auto', `worker_processes: ${count}`));
  const haup = (...args) =>
    execFileSync(process.execPath, [bin, 'render', inventory, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const rendered = join(directory, count);
  haup('-o', rendered);
  return { inventory, rendered, files: JSON.parse(haup('--json')).files };
}

/** How long an apply of haup waited for its gates: until its hosts serve and every VIP has one holder. */
function waited({ stdout }) {
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const timed = events.filter(({ time }) => time !== undefined);
  return timed.reduce((sum, { time, text = '' }, at) => {
    const next = timed[at + 1];
    return text.startsWith('waiting until') && next !== undefined
      ? sum + (Date.parse(next.time) - Date.parse(time))
      : sum;
  }, 0);
}
