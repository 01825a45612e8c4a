// Makes docs/benchmarks.md and docs/benchmarks.svg from all files of bench/results: the newest of each part in full, and a
// line for each older one.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boundsOf } from './bounds.mjs';
import { chart } from './chart.mjs';

const directory = join(import.meta.dirname, 'results');
const all = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')));

const titles = {
  start: 'Start-up',
  install: 'First install of a pair, both daemons from source',
  noop: 'Apply that changes nothing, on a pair',
  change: 'One line of nginx.conf, host by host, on a pair',
  fleet: 'Apply that changes nothing, on a fleet',
};
const notes = {
  start: 'Ratios are to `node -e 0`.',
  install:
    'Ratios are to haup, which builds once and copies the result to the second host, and waits until every VIP has one ' +
    'holder and answers. The others build on both hosts at the same time, and wait for nothing once the services run. ' +
    'Every run starts with bare hosts; python3 is there already for Ansible.',
  noop:
    'Ratios are to bare connections: node-ssh, one per host, one command each. haup connects anew each time; Ansible keeps ' +
    'its connections open between runs.',
  change:
    'Ratios are to haup, which reloads nginx on one host, and waits until it serves and every VIP has one holder before it ' +
    'goes on to the next. The others change one host after the other too, and check nothing but the configuration.',
  fleet:
    'An apply that changes nothing. Ratios are to bare connections. Each host is an sshd over the disk of a host to which ' +
    'haup has applied, with namespaces of its own; a script answers for systemd. All of them share the processors of this ' +
    'machine with the tools, so the time is mostly theirs; CPU time and memory are those of the tools alone.',
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
        ...(processes
          ? [one.processes === undefined ? '' : number(one.processes.median ?? one.processes)]
          : []),
      ]),
    ),
  ];
}

function fleet({ dead, ...sizes }) {
  const head = ['hosts', '', 'time, ms', 'ratio', 'CPU, ms', 'CPU per host, ms', 'memory, MB'];
  const rows = Object.entries(sizes).flatMap(([size, tools]) =>
    Object.entries(tools).map(([name, one]) =>
      row([
        size,
        name,
        time(one.ms),
        number(one.ratio.ms, 2),
        time(one.cpuMs),
        number(one.cpuMs.median / Number(size), 1),
        number(one.rssMb.median),
      ]),
    ),
  );
  const fewer = Object.entries(sizes).flatMap(([size, tools]) => {
    const most = Math.max(...Object.values(tools).map(({ runs }) => runs));
    return Object.entries(tools)
      .filter(([, { runs }]) => runs < most)
      .map(
        ([name, { runs }]) =>
          `With ${size} hosts, ${name} was measured ${runs === 1 ? 'once' : `${runs} times`}.`,
      );
  });
  const end = `With one host of ${dead.hosts} that does not answer, and --connect-timeout ${dead.limitMs / 1000}, haup ends after ${number(dead.ms)} ms.`;
  return [
    row(head),
    row(head.map((_, at) => (at === 1 ? '---' : '---:'))),
    ...rows,
    '',
    [...fewer, end].join(' '),
  ];
}

function section(part) {
  const of = all.filter(({ parts }) => parts[part] !== undefined);
  const newest = of.at(-1);
  if (newest === undefined) return [];
  const result = newest.parts[part];
  const { machine, at, commit } = newest;
  const tools = result.measured ?? result;
  const left = Object.entries(result.left ?? {}).map(
    ([name, why]) => `${name} is left out. It failed: ${why}`,
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
    ...left.flatMap((line) => [line, '']),
    ...(tools.haup?.waitedMs === undefined
      ? []
      : [
          `For ${time(tools.haup.waitedMs)} ms of its time, haup waited until hosts served and every VIP had one holder.`,
          '',
        ]),
    `Medians of ${runs} runs in turn, quartiles in brackets; ${at.slice(0, 16).replace('T', ' ')} UTC, ${commit}, ${machine.processors}, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}${machine.ansible === null ? '' : `, ${machine.ansible.replace(/^(\S+) \[(.*)\]$/, '$2')}`}, load ${number(machine.load.before, 1)} to ${number(machine.load.after, 1)}.`,
    '',
    ...(older.length > 0 ? ['Earlier:', '', ...older, ''] : []),
  ];
}

function bounds() {
  const rows = Object.keys(titles).flatMap((part) => {
    const newest = all.findLast(({ parts }) => parts[part] !== undefined);
    return newest === undefined ? [] : boundsOf(part, newest.parts[part]);
  });
  return [
    row(['', 'measured', 'bound', '']),
    row(['---', '---:', '---:', '---']),
    ...rows.map(({ what, value, bound, holds }) =>
      row([
        what,
        number(value, value < 100 ? 2 : 0),
        bound.most === undefined ? `≥ ${bound.least}` : `≤ ${bound.most}`,
        holds ? 'holds' : '**missed**',
      ]),
    ),
  ];
}

function bars() {
  return Object.entries(titles).flatMap(([part, title]) => {
    const newest = all.findLast(({ parts }) => parts[part] !== undefined);
    if (newest === undefined) return [];
    const { dead, ...result } = newest.parts[part];
    if (part !== 'fleet') return [group(title, result.measured ?? result)];
    const large = Object.entries(result).filter(([size]) => Number(size) >= 50);
    return large.map(([size, tools]) => group(`${title} of ${size}`, tools));
  });
}

const group = (title, tools) => ({
  title,
  seconds: Object.fromEntries(Object.entries(tools).map(([name, { ms }]) => [name, ms.median / 1000])),
});

const text = [
  '# Benchmarks',
  '',
  '`npm run bench` measures, and makes this page from `bench/results`. It needs root on Debian or Ubuntu, and Ansible',
  '(`apt-get install ansible-core ansible-mitogen`). `npm run bench -- --runs 20 noop` measures one part; the parts are start,',
  'install, noop, change and fleet. Each makes hosts in network namespaces and removes them again.',
  '',
  '![Medians of each tool](benchmarks.svg)',
  '',
  'On a pair, haup is measured beside three others: a [script of ssh](../bench/peers/by-hand.sh) such as an engineer writes by',
  'hand, and one [Ansible playbook](../bench/peers/site.yaml), with pipelining, ControlPersist and 50 forks, run by Ansible and',
  'by Ansible with Mitogen. All of them check the same packages, users, versions, files and services. After each run, a check',
  'that is not timed compares the hosts with what was wanted. Memory is that of the largest process of a tool. Processes are',
  "those started on one host; the health check's are not counted. NODE_EXTRA_CA_CERTS and NODE_OPTIONS are unset: certificates",
  'that every Node process loads at its start, haup or not, make ratios look better than they are.',
  '',
  '## Bounds',
  '',
  ...bounds(),
  '',
  ...Object.keys(titles).flatMap(section),
];
const docs = join(import.meta.dirname, '../docs');
writeFileSync(join(docs, 'benchmarks.md'), `${text.join('\n').trimEnd()}\n`);
writeFileSync(join(docs, 'benchmarks.svg'), chart(bars()));
