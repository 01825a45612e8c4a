// Makes docs/benchmarks.md from all files of bench/results: the newest of each part in full, older ones as a line each.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = join(import.meta.dirname, 'results');
const all = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')));

const titles = {
  start: 'Start-up',
  noop: 'An apply that changes nothing, on a pair',
  change: 'One line of nginx.conf, host by host, on a pair',
  fleet: 'Facts and a plan of many hosts',
};
const notes = {
  start: 'Ratios are to `node -e 0`.',
  noop:
    'Ratios are to bare connections: node-ssh, one per host, one command each. Ansible has pipelining, ControlPersist and ' +
    '50 forks, and the same files, versions, packages and services to look at. Processes are those started on one host, its ' +
    'own connection and what its health check started meanwhile included.',
  change:
    'Ratios are to haup, which drains each host, waits until its VIPs have moved, and checks that it serves before the next ' +
    'one. The others change one host after the other, and check nothing but the configuration.',
  fleet:
    'Each host is an sshd over the files of one machine. The hosts share its processors with haup, so the wall time is ' +
    'mostly theirs; CPU time and memory are of haup alone.',
};

const number = (value, digits = 0) =>
  value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
const time = ({ median, p25, p75 }) => `${number(median)} (${number(p25)} to ${number(p75)})`;
const row = (cells) => `| ${cells.join(' | ')} |`;

function measured(tools) {
  const processes = Object.values(tools).some((one) => one.processes !== undefined);
  const head = [
    '',
    'time, ms',
    'ratio',
    'CPU, ms',
    'ratio',
    'memory, MB',
    ...(processes ? ['processes'] : []),
  ];
  return [
    row(head),
    row(head.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...Object.entries(tools).map(([name, one]) =>
      row([
        name,
        time(one.ms),
        number(one.ratio.ms, 2),
        time(one.cpuMs),
        number(one.ratio.cpuMs, 2),
        number(one.rssMb.median),
        ...(processes ? [one.processes === undefined ? '' : number(one.processes)] : []),
      ]),
    ),
  ];
}

function fleet({ dead, ...sizes }) {
  const head = ['hosts', '', 'time, ms', 'CPU, ms', 'CPU per host, ms', 'memory, MB'];
  const rows = Object.entries(sizes).flatMap(([size, tools]) =>
    Object.entries(tools).map(([name, one]) =>
      row([
        size,
        name,
        time(one.ms),
        time(one.cpuMs),
        number(one.cpuMs.median / Number(size), 1),
        number(one.rssMb.median),
      ]),
    ),
  );
  const end = `One dead host among ${dead.hosts}, with a limit of ${number(dead.limitMs)} ms for a connection: ${number(dead.ms)} ms.`;
  return [row(head), row(['---:', '---', '---:', '---:', '---:', '---:']), ...rows, '', end];
}

function section(part) {
  const of = all.filter(({ parts }) => parts[part] !== undefined);
  const newest = of.at(-1);
  if (newest === undefined) return [];
  const result = newest.parts[part];
  const { machine, at, commit } = newest;
  const tools = result.measured ?? result;
  const left = Object.entries(result.left ?? {}).map(
    ([name, why]) => `Left out: ${name}, which ended with an error: ${why}`,
  );
  const runs = Object.values(part === 'fleet' ? Object.values(result)[0] : tools)[0].runs;
  const first = (parts) =>
    Object.entries(parts[part].measured ?? parts[part]).filter(([name]) => name.startsWith('haup'));
  const older =
    part === 'fleet'
      ? []
      : of.slice(0, -1).map(
          ({ at: then, commit: by, parts }) =>
            `- ${then.slice(0, 16).replace('T', ' ')} (${by}): ${first(parts)
              .map(
                ([name, one]) =>
                  `${name} ${number(one.ms.median)} ms, CPU ${number(one.cpuMs.median)} ms, ratio ${number(one.ratio.cpuMs, 2)}`,
              )
              .join('; ')}`,
        );
  return [
    `## ${titles[part]}`,
    '',
    notes[part],
    '',
    ...(part === 'fleet' ? fleet(result) : measured(tools)),
    '',
    ...left,
    ...(tools.haup?.waitedMs === undefined
      ? []
      : [`Of haup's time ${time(tools.haup.waitedMs)} ms is what its drains wait for VRRP.`, '']),
    `Medians of ${runs} runs in turn, quartiles in brackets; ${at.slice(0, 16).replace('T', ' ')} UTC, ${commit}, ${machine.processors}, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}${machine.ansible === null ? '' : `, ${machine.ansible.replace(/^(\S+) \[(.*)\]$/, '$2')}`}, load ${number(machine.load.before, 1)} to ${number(machine.load.after, 1)}.`,
    '',
    ...(older.length > 0 ? ['Earlier:', '', ...older, ''] : []),
  ];
}

const text = [
  '# Benchmarks',
  '',
  '`npm run bench` measures, and writes this page from `bench/results`. It needs root on Debian or Ubuntu, and Ansible',
  '(`apt-get install ansible-core ansible-mitogen`) for the comparison.',
  '`npm run bench -- --runs 20 noop` measures one part; the parts are start, noop, change and fleet.',
  '',
  ...Object.keys(titles).flatMap(section),
];
writeFileSync(join(import.meta.dirname, '../docs/benchmarks.md'), `${text.join('\n').trimEnd()}\n`);
