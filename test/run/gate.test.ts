import { describe, expect, test } from 'vitest';
import type { HaupError } from '../../src/model/errors.ts';
import type { Host } from '../../src/model/host.ts';
import type { CheckName } from '../../src/model/plan.ts';
import { gate, type GateOptions } from '../../src/run/gate.ts';
import { exampleInventory } from '../fakes/example.ts';

const inventory = exampleInventory();
const [one, two] = ['192.168.160.161', '192.168.160.162'];

interface Seen {
  readonly held: readonly string[];
  readonly answers: Readonly<Record<string, string>>;
  readonly active?: readonly string[];
  /** Its own health check fails. */
  readonly unwell?: boolean;
  /** VIPs whose open connections it still serves. */
  readonly kept?: readonly string[];
}

/** What a host prints for the gate's script. */
const host = (
  name: string,
  { held, answers, active = ['keepalived', 'nginx'], unwell = false, kept = [] }: Seen,
): Host => ({
  name,
  read: async () =>
    Buffer.from(
      [
        ...held.map((address) => `held\t${address}`),
        ...kept.map((address) => `kept\t${address}`),
        ...active.map((service) => `active\t${service}`),
        ...(unwell ? ['unwell'] : []),
        ...Object.entries(answers).map(([address, by]) => `answer\t${address}\t0\t${by}`),
        '',
      ].join('\n'),
    ),
  watch: () => {
    throw new Error('not looked at');
  },
  act: async () => ({ output: '' }),
  lock: async () => ({
    lost: new AbortController().signal,
    drill: null,
    [Symbol.asyncDispose]: async () => undefined,
  }),
  lockOwner: async () => null,
  breakLock: async () => undefined,
});

/** What the gate says when its patience is over at once; empty: it lets pass. */
async function complaints(
  hosts: readonly Host[],
  checks: readonly CheckName[],
  members: readonly string[],
  about: Pick<GateOptions, 'addresses' | 'settling' | 'before' | 'strangers' | 'pending'> = {},
) {
  let clock = 0;
  return gate(
    inventory,
    new Map(hosts.map((each) => [each.name, each])),
    checks,
    members,
    { now: () => (clock += 3_600_000), sleep: async () => undefined, ...about },
    new AbortController().signal,
  ).then(
    () => [],
    (error: HaupError) => error.detail,
  );
}

const serving: readonly CheckName[] = ['services', 'healthy', 'one-holder', 'settled', 'http'];
const answers = { [one]: 'keep_136', [two]: 'keep_137' };
const a = host('keep_136', { held: [one], answers });
const b = host('keep_137', { held: [two], answers });

describe('the gate', () => {
  test('lets a serving pair pass', async () => {
    expect(await complaints([a, b], serving, ['keep_136', 'keep_137'])).toEqual([]);
  });

  test('names a VIP without a holder, with two, and one that another answers', async () => {
    const none = host('keep_136', { held: [], answers });
    expect(await complaints([none, b], ['one-holder'], ['keep_136'])).toEqual([`${one} is held by no host`]);
    const both = host('keep_137', { held: [one, two], answers });
    expect(await complaints([a, both], ['one-holder'], ['keep_136'])).toEqual([
      `${one} is held by keep_136 and keep_137 at once`,
    ]);
    const astray = host('keep_137', { held: [two], answers: { [one]: 'keep_137', [two]: 'keep_137' } });
    expect(await complaints([a, astray], ['http'], ['keep_136'])).toEqual([
      `${one} is held by keep_136, but keep_137 is answered by keep_137`,
    ]);
  });

  test('asks nothing at a VIP of a host that has given it up and still serves its connections', async () => {
    const elsewhere = { [one]: 'keep_137', [two]: 'keep_137' };
    const itself = { held: [], answers: { ...elsewhere, [one]: 'keep_136' } };
    const all = host('keep_137', { held: [one, two], answers: elsewhere });
    const [without, during] = [host('keep_136', itself), host('keep_136', { ...itself, kept: [one] })];
    expect(await complaints([without, all], ['released'], ['keep_136'])).toEqual([
      `${one} is held by keep_137, but keep_136 is answered by keep_136`,
    ]);
    expect(await complaints([during, all], ['released'], ['keep_136'])).toEqual([]);
  });

  test('names a service that is not active, of a changed host only', async () => {
    const half = host('keep_136', { held: [one], answers, active: ['keepalived'] });
    expect(await complaints([half, b], ['services'], ['keep_136'])).toEqual([
      'keep_136: nginx is not active',
    ]);
    expect(await complaints([half, b], ['services'], ['keep_137'])).toEqual([]);
  });

  test('names a changed host whose own health check fails, whoever has its VIPs by then', async () => {
    const ill = host('keep_136', { held: [one], answers, unwell: true });
    expect(await complaints([ill, b], serving, ['keep_136'])).toEqual([
      'keep_136: its health check fails (/usr/libexec/keepalived/haup-check-nginx)',
    ]);
    expect(await complaints([ill, b], serving, ['keep_137'])).toEqual([]);
    // Nobody waits for one that is ill to take its VIP back.
    const all = host('keep_137', { held: [one, two], answers: { [one]: 'keep_137', [two]: 'keep_137' } });
    const away = host('keep_136', {
      held: [],
      answers: { [one]: 'keep_137', [two]: 'keep_137' },
      unwell: true,
    });
    expect(await complaints([away, all], serving, ['keep_137'])).toEqual([]);
  });

  describe('with one of two hosts looked at', () => {
    test('the other may hold a VIP, which its answer shows', async () => {
      expect(await complaints([b], serving, ['keep_137'])).toEqual([]);
    });

    test('a VIP that nobody answers is missed all the same', async () => {
      const deaf = host('keep_137', { held: [two], answers: { [two]: 'keep_137' } });
      expect(await complaints([deaf], serving, ['keep_137'])).toEqual([
        `${one} is not held by keep_137, and keep_137 gets no answer there (HTTP on port 80)`,
      ]);
    });

    test('released means held and answered by the other', async () => {
      const away = host('keep_137', { held: [], answers: { [one]: 'keep_136', [two]: 'keep_136' } });
      expect(await complaints([away], ['released'], ['keep_137'])).toEqual([]);
      expect(await complaints([b], ['released'], ['keep_137'])).toEqual([`keep_137 still holds ${two}`]);
    });
  });
});

describe('a gate about some VIPs', () => {
  const alone = host('keep_136', { held: [one], answers: { [one]: 'keep_136' } });
  const empty = host('keep_137', { held: [], answers: { [one]: 'keep_136' } });

  test('does not mind that nobody holds the others, which are new', async () => {
    expect(await complaints([alone, empty], serving, ['keep_136', 'keep_137'], { addresses: [one] })).toEqual(
      [],
    );
    expect(await complaints([alone, empty], serving, ['keep_136', 'keep_137'])).toContain(
      `${two} is held by no host`,
    );
  });

  test('waits for those alone to settle whose hosts are all as wanted', async () => {
    const away = host('keep_137', { held: [one, two], answers: { [one]: 'keep_137', [two]: 'keep_137' } });
    const near = host('keep_136', { held: [], answers: { [one]: 'keep_137', [two]: 'keep_137' } });
    expect(await complaints([near, away], serving, ['keep_136', 'keep_137'], { settling: [two] })).toEqual(
      [],
    );
    expect(await complaints([near, away], serving, ['keep_136', 'keep_137'], { settling: [one] })).toEqual([
      `${one} is held by keep_137; keep_136 comes before it and has not taken it back`,
    ]);
  });

  test('still looks at the services of all its hosts', async () => {
    const dead = host('keep_137', { held: [], answers: {}, active: ['nginx'] });
    expect(
      await complaints([alone, dead], ['services'], ['keep_136', 'keep_137'], { addresses: [] }),
    ).toEqual(['keep_137: keepalived is not active']);
  });
});

describe('a takeover beside the old holder', () => {
  const both = host('keep_137', { held: [one, two], answers });
  test('is there when two hosts hold the VIP, and not before', async () => {
    expect(await complaints([a, both], ['overlapping'], ['keep_137'], { addresses: [one] })).toEqual([]);
    expect(await complaints([a, b], ['overlapping'], ['keep_137'], { addresses: [one] })).toEqual([
      `${one} is held by keep_136 alone`,
    ]);
  });
});

test('whether daemons run is asked of their own host: another that was lost is not waited for', async () => {
  const lost: Host = {
    ...host('keep_137', { held: [], answers: {} }),
    read: () => Promise.reject(new Error('lost')),
  };
  expect(await complaints([a, lost], ['services'], ['keep_136'])).toEqual([]);
  await expect(complaints([a, lost], ['services', 'one-holder'], ['keep_136'])).resolves.toBeUndefined();
});

describe('who answers', () => {
  const sites = (text: string) => ({
    sites: [{ name: 'x', listen: [], serverNames: [], serves: { kind: 'file', path: 'x', text } as const }],
  });
  const both = [one, two];
  const lines = (name: string, ...more: string[]): Host => ({
    ...host(name, { held: [], answers: {} }),
    read: async () => Buffer.from(['active\tkeepalived', 'active\tnginx', ...more, ''].join('\n')),
  });
  /** Each host has its own VIP; both see the same answers. */
  const seen = (...more: string[]): Host[] => [
    lines('keep_136', `held\t${one}`, ...more),
    lines('keep_137', `held\t${two}`, ...more),
  ];
  const well = both.map((vip, i) => `answer\t${vip}\t0\tkeep_13${6 + i}`);

  test('nginx that does not answer on its own host is missed, one that has no such server yet is not', async () => {
    const [, other] = seen(...well, 'own\t0\tkeep_137');
    const hung = lines('keep_136', `held\t${one}`, ...well, 'own\t28\t');
    expect(await complaints([hung, other as Host], serving, ['keep_136', 'keep_137'])).toEqual([
      'keep_136: nginx does not answer on 127.0.0.1:488',
    ]);
    const old = lines('keep_136', `held\t${one}`, ...well, 'own\t7\t');
    expect(await complaints([old, other as Host], serving, ['keep_136', 'keep_137'])).toEqual([]);
  });

  test('a program that a host lacks is named, and nothing that follows from it', async () => {
    const [, other] = seen(...well);
    const bare = lines('keep_136', `held\t${one}`, 'missing\tcurl', 'own\t127\t');
    expect(await complaints([bare, other as Host], serving, ['keep_136'])).toEqual([
      'keep_136 lacks curl, with which it asks whether nginx answers',
    ]);
  });

  test('a host from which haup has been removed is asked nothing', async () => {
    const gone: Host = {
      ...host('keep_136', { held: [], answers: {} }),
      read: async () => Buffer.from('missing\tcurl\nown\t127\t\n'),
    };
    const all = lines(
      'keep_137',
      `held\t${one}`,
      `held\t${two}`,
      `answer\t${one}\t0\tkeep_137`,
      `answer\t${two}\t0\tkeep_137`,
      'own\t0\tkeep_137',
    );
    expect(await complaints([gone, all], ['one-holder', 'http'], ['keep_137'])).toEqual([]);
    expect(await complaints([gone, all], ['one-holder', 'http'], ['keep_136'])).toEqual([
      'keep_136 lacks curl, with which it asks whether nginx answers',
    ]);
  });

  test('an answer without a name is the holder’s', async () => {
    const connected = both.map((vip) => `connected\t${vip}\t0`);
    expect(await complaints(seen(...connected), serving, ['keep_136', 'keep_137'])).toEqual([]);
  });

  test('a host that is not changed yet answers as it did; one that is changed must answer as it is to', async () => {
    const before = [sites('server { listen 8080; }')];
    const old = both.map((vip, i) => `answer\t${vip}\t1\tkeep_13${6 + i}`);
    expect(await complaints(seen(...old), serving, [], { before })).toEqual([]);
    // What hosts change together comes before their own turns, in which nginx is changed.
    const pending = ['keep_136', 'keep_137'];
    expect(await complaints(seen(...old), serving, pending, { before, pending })).toEqual([]);
    expect(await complaints(seen(...old), serving, ['keep_136'], { before })).toEqual([
      `${one} is held by keep_136, but keep_136 gets no answer there (HTTP on port 80)`,
      `${one} is held by keep_136, but keep_137 gets no answer there (HTTP on port 80)`,
    ]);
  });
});

describe('while the daemons of a host are somebody else’s', () => {
  const about = { strangers: ['keep_136'] };

  test('both may have a VIP, nobody is asked for haup’s answer, and one that nobody has is wrong', async () => {
    const stranger = host('keep_136', { held: [one], answers: {}, active: [] });
    const ours = host('keep_137', { held: [one, two], answers: { [two]: 'keep_137' } });
    expect(await complaints([stranger, ours], serving, ['keep_137'], about)).toEqual([]);
    const none = host('keep_137', { held: [one], answers: {} });
    expect(await complaints([stranger, none], serving, ['keep_137'], about)).toEqual([
      `${two} is held by no host`,
    ]);
  });

  test('a VIP is covered once another has it and answers there', async () => {
    const holder = host('keep_136', { held: [one], answers: {}, active: [] });
    const silent = host('keep_137', { held: [one], answers: {} });
    const wish = { ...about, addresses: [one] };
    expect(await complaints([holder, silent], ['covered'], ['keep_136'], wish)).toEqual([
      `keep_137 has ${one} too, and does not answer there yet`,
    ]);
    const answering = host('keep_137', { held: [one], answers: { [one]: 'keep_137' } });
    expect(await complaints([holder, answering], ['covered'], ['keep_136'], wish)).toEqual([]);
    const idle = host('keep_137', { held: [], answers: {} });
    expect(await complaints([holder, idle], ['covered'], ['keep_136'], wish)).toEqual([
      `${one} is held by keep_136 alone`,
    ]);
  });
});

test('each look of a gate is one round trip to each host', async () => {
  const reads: string[] = [];
  const well: Seen = { held: [], answers: {} };
  const counting = (name: string): Host => ({
    ...host(name, well),
    read: async () => {
      reads.push(name);
      return Buffer.from('');
    },
  });
  let clock = 0;
  const looking = gate(
    inventory,
    new Map(['keep_136', 'keep_137'].map((name) => [name, counting(name)])),
    ['services', 'http'],
    ['keep_136'],
    { now: () => clock, sleep: async () => void (clock += 60_000) },
    new AbortController().signal,
  );
  await expect(looking).rejects.toMatchObject({ code: 'GATE_FAILED' });
  expect(reads).toEqual(['keep_136', 'keep_137', 'keep_136', 'keep_137']);
});
