// suite: measures, all
/** `haup status --watch`: what it shows of real hosts, how soon, and what is left of it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hangMs } from '../limits.ts';
import { eventually, figure, inLabArguments, onHost, type Run, runProcess, testLab } from './haup.ts';
import { measured } from './measured.ts';
import { ownLab } from './own-lab.ts';

const { lab, inventory, well, fault } = ownLab(testLab('watch'));
const vip = '192.168.160.161';
const monitors = "ps -eo args | grep -c '[m]onitor address' || true";

interface Line {
  readonly noneMs?: number;
  readonly type: string;
  readonly name?: string;
  readonly vip?: string;
  readonly from?: string;
  readonly to?: string;
  readonly holders?: readonly string[];
  readonly reachable?: boolean;
  readonly drained?: boolean;
  /** When it came here. */
  readonly cameMs: number;
}

/** Ends a watch that a failed test has left running. */
const begun: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(begun.map((end) => end()))));

/** A watch that runs beside the test; `end` sends a signal, and waits for it. */
function watching(args: readonly string[], terminal = false) {
  let text = '';
  const lines: Line[] = [];
  let pid = 0;
  const options = {
    limitMs: hangMs(300_000),
    during: (itsPid: number) => void (pid = itsPid),
    onStdout: (piece: string) => {
      const cameMs = Date.now();
      const whole = text.lastIndexOf('\n') + 1;
      text += piece;
      if (terminal) return;
      for (const line of text.slice(whole, text.lastIndexOf('\n')).split('\n'))
        if (line !== '') lines.push({ ...(JSON.parse(line) as Line), cameMs });
    },
  };
  const [command, ...rest] = inLabArguments(lab, ['status', path, '--watch', ...args], { HAUP_OVERLAY: '' });
  const words = [command, ...rest].map((word) => `'${word}'`).join(' ');
  const running: Promise<Run> = terminal
    ? runProcess('script', ['-qec', `stty cols 80 rows 24; echo $$; exec ${words}`, '/dev/null'], options)
    : runProcess(command ?? '', rest, options);
  const isOver = running.then(
    () => true,
    () => true,
  );
  begun.push(async () => {
    if (await Promise.race([isOver, Promise.resolve(false)])) return;
    process.kill(pid, 'SIGKILL');
    await isOver;
  });
  return {
    lines,
    text: () => text,
    seen: (what: string, is: (line: Line) => boolean) =>
      eventually(what, () => lines.some(is), hangMs(60_000)),
    end: (signal: NodeJS.Signals) => {
      process.kill(terminal ? Number(/^\d+/.exec(text)?.[0]) : pid, signal);
      return running;
    },
  };
}

// Adverts of a second: faster ones move VIPs by themselves on a machine that is busy with other tests.
let path = '';
beforeAll(() => void (path = inventory()));

describe('as events', () => {
  let watch: ReturnType<typeof watching>;
  beforeAll(async () => {
    watch = watching(['--json']);
    await watch.seen('the first status', ({ type }) => type === 'status');
  });
  afterAll(async () => {
    expect((await watch.end('SIGINT')).code).toBe(130);
    await eventually(
      'nothing left on keep_136',
      async () => Number(await onHost(lab, 'keep_136', monitors)) === 0,
    );
  });

  test('an address is on the screen within 200 ms of the kernel', { timeout: hangMs(120_000) }, async () => {
    let [last, stalledMs] = [performance.now(), 0];
    const stalls = setInterval(() => {
      stalledMs = Math.max(stalledMs, performance.now() - last - 10);
      last = performance.now();
    }, 10);
    const took: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      for (const verb of ['add', 'del']) {
        const from = watch.lines.length;
        const at = Number(
          await onHost(lab, 'keep_137', `date +%s%N; ip address ${verb} ${vip}/32 dev ens33`),
        );
        const many = verb === 'add' ? 2 : 1;
        const after = () =>
          watch.lines
            .slice(from)
            .find((line) => line.type === 'holders' && line.vip === vip && line.holders?.length === many);
        await eventually(`${verb} is seen`, () => after() !== undefined);
        took.push((after()?.cameMs ?? 0) - at / 1e6);
      }
    }
    clearInterval(stalls);
    took.sort((a, b) => a - b);
    const [median, worst] = [took[10] ?? 0, took.at(-1) ?? 0];
    figure(
      `from the kernel to the reader: median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms of ${took.length}; stalled ${stalledMs.toFixed(0)} ms`,
    );
    measured(stalledMs, () => expect(worst).toBeLessThan(200));
  });

  test('a failover: the run, the drain, and the move when it has settled', async () => {
    const from = watch.lines.length;
    await well(['failover', 'keep_136', path, '--yes', '--grace', '0']);
    await watch.seen(
      'the move',
      (line) => line.type === 'move' && line.vip === vip && line.to === 'keep_137',
    );
    await watch.seen('the end of the run', ({ type }) => type === 'run-ended');
    const told = watch.lines.slice(from);
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'run', why: expect.stringContaining('haup failover keep_136') }),
    );
    expect(told).toContainEqual(expect.objectContaining({ type: 'host', name: 'keep_136', drained: true }));
    const move = told.find((line) => line.type === 'move' && line.vip === vip && line.to === 'keep_137');
    await well(['failback', 'keep_136', path, '--yes', '--grace', '0']);
    expect(move).toMatchObject({ vip, from: 'keep_136', to: 'keep_137' });
    // The one takes it before the other lets go; their clocks are known to less than this.
    expect(move?.noneMs).toBeLessThan(5);
  });

  test('a host that goes away is said to, and is watched again when it returns', async () => {
    const from = watch.lines.length;
    const later = (is: (line: Line) => boolean) => (line: Line) =>
      watch.lines.indexOf(line) >= from && line.name === 'keep_137' && is(line);
    await fault('keep_137', 'link-down');
    await watch.seen(
      'the loss',
      later(({ reachable }) => reachable === false),
    );
    await fault('keep_137', 'link-up');
    await watch.seen(
      'the return',
      later(({ reachable }) => reachable === true),
    );
  });
});

test('on a terminal it draws the whole screen, in no colour where none is wanted, and leaves it as it was', async () => {
  const watch = watching([], true);
  await eventually('the first frame', () => watch.text().includes('All is well'), hangMs(60_000));
  await onHost(lab, 'keep_137', `ip address add ${vip}/32 dev ens33`);
  await eventually('the split brain', () => watch.text().includes('keep_136 and keep_137 at once'));
  await onHost(lab, 'keep_137', `ip address del ${vip}/32 dev ens33`);
  await eventually('the last moves', () => watch.text().includes('back to keep_136'));
  await watch.end('SIGINT');
  const text = watch.text();
  expect(text.split('\x1b[?1049h')).toHaveLength(2);
  expect(text.trimEnd().endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l')).toBe(true);
  expect(text).not.toMatch(/\x1b\[[\d;]*m/);
});

test('killed, it leaves nothing on the hosts', async () => {
  const watch = watching(['--json']);
  await watch.seen('the first status', ({ type }) => type === 'status');
  const left = async () => Number(await onHost(lab, 'keep_136', monitors));
  expect(await left()).toBeGreaterThan(0);
  await watch.end('SIGKILL');
  await eventually('nothing left on keep_136', async () => (await left()) === 0);
});
