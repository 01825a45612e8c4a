// `npm run soak -- drills [--times 10] [--profiles default,documented,fast] [--hosts 2,3] [--drills all]`: every drill so
// many times in labs of its own, with what it measured beside its bound. Then haup killed with -9 at ten moments of each
// drill (test/e2e/killed-drills.test.ts); `--kills only` or `--kills none` for one of the two.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { root, setup } from './setup.mjs';

const options = {
  times: { type: 'string', default: '10' },
  profiles: { type: 'string', default: 'default,documented,fast' },
  hosts: { type: 'string', default: '2,3' },
  drills: {
    type: 'string',
    default: 'stop,drain,nginx,hang,crash,link,reboot,vrrp-block,vrrp-block-out,vrrp-block-in',
  },
  kills: { type: 'string', default: 'too' },
};
const columns = [
  ['profile', 10],
  ['hosts', 5],
  ['drill', 14],
  ['runs', 4],
  ['within', 6],
  ['median', 6],
  ['worst', 6],
  ['bound', 6],
  ['limit', 6],
  ['detection', 9],
  ['takeover', 8],
  ['stalled', 7],
];

const haup = (args, { quiet = true } = {}) =>
  spawnSync(process.execPath, [join(root, 'dist/bin.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
    stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'],
  });

function inventory(profile, hosts) {
  const it = parse(readFileSync(join(root, 'inventory.example.yaml'), 'utf8'));
  if (profile === 'documented') it.vrrp.profile = profile;
  // It has version, priorities and timers of its own.
  if (profile === 'fast') it.vrrp = { profile };
  for (let number = 138; number < 136 + hosts; number++) {
    const name = `keep_${number}`;
    it.hosts[name] = { address: `192.168.160.${number}`, interface: 'ens33' };
    for (const vip of it.vips) vip.hosts.push(name);
  }
  if (hosts > (it.vrrp.priorities?.length ?? hosts)) it.vrrp.priorities = [100, 80, 60].slice(0, hosts);
  return it;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const text = (value) => (value === undefined || value === null ? '' : String(Math.round(value)));
const line = (cells) =>
  cells
    .map((cell, index) => String(cell).padEnd(columns[index][1]))
    .join('  ')
    .trimEnd();

/** Prints a line for the drill; resolves to how many of its runs were not within their limits. */
function drill(lab, path, { profile, hosts, name, times }) {
  const { status, stdout, stderr } = haup([
    ...['lab', 'exec', '--name', lab, '--', process.execPath, join(root, 'dist/bin.js')],
    ...['verify', path, '--vip', '192.168.160.161', '--drill', name, '--count', times, '--yes', '--json'],
  ]);
  if (!stdout.startsWith('{')) {
    console.log(
      `${line([profile, hosts, name])}  exit ${status}: ${stderr.trim().split('\n').slice(-3).join(' ')}`,
    );
    return 1;
  }
  const all = JSON.parse(stdout).vips[0].drills;
  const runs = all.filter(({ timeline }) => timeline.length > 0);
  for (const { reasons } of all.filter((run) => !runs.includes(run)))
    console.log(`${line([profile, hosts, name])}  ${reasons[0]}`);
  if (runs.length === 0) return 0;
  const within = runs.filter(({ outageMs, boundMs, allowanceMs }) => outageMs <= boundMs + allowanceMs);
  const each = (pick) => runs.map(pick).filter((value) => typeof value === 'number');
  const outages = each(({ outageMs }) => outageMs);
  const [{ boundMs, allowanceMs }] = runs;
  console.log(
    line([
      profile,
      hosts,
      name,
      runs.length,
      within.length,
      text(median(outages)),
      text(Math.max(...outages)),
      text(boundMs),
      text(boundMs + allowanceMs),
      text(median(each(({ detectionMs }) => detectionMs))),
      text(median(each(({ takeoverMs }) => takeoverMs))),
      text(Math.max(...each(({ stalledMs }) => stalledMs))),
    ]),
  );
  // A block is a split brain by what it is.
  const reasons = name.startsWith('vrrp-block')
    ? []
    : runs.flatMap((run, index) => run.reasons.map((reason) => `  run ${index + 1}: ${reason}`));
  for (const reason of reasons) console.log(reason);
  return runs.length - within.length + (runs.length < Number(times) ? 1 : 0);
}

function soakIn(scratch, { profile, hosts, names, times }) {
  const lab = `haup-soak-${process.pid}`;
  const path = join(scratch, `${profile}-${hosts}.json`);
  writeFileSync(path, JSON.stringify(inventory(profile, hosts)));
  const inside = (...args) =>
    haup(['lab', 'exec', '--name', lab, '--', process.execPath, join(root, 'dist/bin.js'), ...args]);
  if (haup(['render', path]).status === 2) {
    console.log(
      `${line([profile, hosts])}  this haup does not take it:\n${haup(['render', path]).stderr.trim()}`,
    );
    return 1;
  }
  try {
    for (const [what, run] of [
      ['lab up', () => haup(['lab', 'up', path, '--name', lab, '--yes', '--for-pid', String(process.pid)])],
      ['apply', () => inside('apply', path, '--yes')],
      // For the drills that drop adverts.
      [
        'nft',
        () =>
          haup([
            'lab',
            'ssh',
            '--name',
            lab,
            'keep_136',
            '--',
            'apt-get',
            'install',
            '-qq',
            '-y',
            'nftables',
          ]),
      ],
    ]) {
      const { status, stdout, stderr } = run();
      if (status === 0) continue;
      console.log(
        `${line([profile, hosts])}  ${what} failed: ${(stderr + stdout).trim().split('\n').slice(-5).join('\n')}`,
      );
      return 1;
    }
    return names.reduce((bad, name) => bad + drill(lab, path, { profile, hosts, name, times }), 0);
  } finally {
    haup(['lab', 'down', '--name', lab]);
  }
}

/** Resolves to the exit code. */
export function soakDrills(args) {
  const { values } = parseArgs({ args, options });
  const { times, profiles, hosts, drills, kills } = values;
  if (!/^[1-9]\d{0,2}$/.test(times)) {
    console.error(`--times ${times} is not a number of times. npm run soak -- drills --times 10`);
    return 2;
  }
  setup();
  let bad = 0;
  const scratch = mkdtempSync(join(tmpdir(), 'haup-soak-'));
  try {
    if (kills !== 'only') {
      console.log(
        `${line(columns.map(([name]) => name))}\nwithin: an outage of at most the limit, which is the bound + 15 % + 30 ms; times in ms`,
      );
      for (const profile of profiles.split(','))
        for (const number of hosts.split(',').map(Number))
          bad += soakIn(scratch, { profile, hosts: number, names: drills.split(','), times });
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  if (kills === 'none') return bad > 0 ? 1 : 0;
  const { status } = spawnSync(
    'npx',
    ['vitest', 'run', '--project', 'e2e-own', 'test/e2e/killed-drills.test.ts'],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, HAUP_SOAK: times },
    },
  );
  return bad > 0 ? 1 : (status ?? 1);
}
