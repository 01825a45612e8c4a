// The bounds that haup's speed is held to, most of them ratios of medians of one run.

/** The part that measures it, what it is, the bound, and the value; NaN where a tool was left out. */
const bounds = [
  [
    'start',
    'haup --version to node -e 0',
    { most: 1.15 },
    (of) => of.ms('haup --version') / of.ms('node -e 0'),
  ],
  ['start', 'haup render to node -e 0', { most: 2 }, (of) => of.ms('haup render') / of.ms('node -e 0')],
  [
    'install',
    'First install: haup to ssh by hand',
    { most: 1.15 },
    (of) => of.ms('haup') / of.ms('ssh by hand'),
  ],
  [
    'noop',
    'Nothing to do: haup to bare connections',
    { most: 1.3 },
    (of) => of.ms('haup') / of.ms('bare connections'),
  ],
  ['noop', 'Nothing to do: Ansible to haup', { least: 15 }, (of) => of.ms('Ansible') / of.ms('haup')],
  [
    'noop',
    'Nothing to do: Ansible with Mitogen to haup',
    { least: 8 },
    (of) => of.ms('Ansible with Mitogen') / of.ms('haup'),
  ],
  [
    'change',
    'One line: Ansible, which checks nothing, to haup',
    { least: 5 },
    (of) => of.ms('Ansible') / of.ms('haup'),
  ],
  [
    'fleet',
    '50 hosts, nothing to do: Ansible to haup',
    { least: 15 },
    (of) => of.host(50, 'Ansible') / of.host(50, 'haup'),
  ],
  [
    'fleet',
    'Time for each of 200 hosts to that for each of 50',
    { most: 1.2 },
    (of) => of.host(200, 'haup') / of.host(50, 'haup'),
  ],
  ['fleet', 'Memory for 200 hosts, MB', { most: 200 }, (of) => of.memory(200, 'haup')],
];

/** Those of a part that its result has values for. */
export function boundsOf(part, result) {
  const tools = result.measured ?? result;
  const of = {
    ms: (name) => tools[name]?.ms.median,
    host: (size, name) => tools[size]?.[name]?.ms.median / size,
    memory: (size, name) => tools[size]?.[name]?.rssMb.median,
  };
  return bounds
    .filter(([where]) => where === part)
    .map(([, what, bound, value]) => ({ what, bound, value: value(of) }))
    .filter(({ value }) => Number.isFinite(value))
    .map((one) => ({
      ...one,
      holds: one.value <= (one.bound.most ?? Infinity) && one.value >= (one.bound.least ?? 0),
    }));
}
