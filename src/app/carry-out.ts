import { randomUUID } from 'node:crypto';
import { monotonicMs } from '../base/clock.ts';
import { pause } from '../base/pause.ts';
import { servedNow } from '../desired/nginx-files.ts';
import type { Tarball } from '../model/desired.ts';
import type { HostName, Inventory } from '../model/domain.ts';
import { HaupError } from '../model/errors.ts';
import type { Emit } from '../model/events.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Host } from '../model/host.ts';
import type { Change, CheckName, Finding, Plan } from '../model/plan.ts';
import { countChanges } from '../plan/make-plan.ts';
import { errorData } from '../report/json.ts';
import { count } from '../report/words.ts';
import type { ExecuteOptions } from '../run/execute-options.ts';
import type { Artifacts } from './artifacts.ts';
import { cacheDirectory } from './cache-directory.ts';
import type { Context } from './command-context.ts';
import { type RunHooks, runHooks } from './hooks.ts';
import type { GlobalOptions } from './options.ts';
import { planData } from './print-plan.ts';
import type { Locked } from './with-hosts.ts';

/** A plan that was agreed to, and everything that is needed to carry it out. */
export interface ChangeRun {
  readonly inventory: Inventory;
  /** By whose VIPs the gates judge. */
  readonly goal: Inventory;
  readonly plan: Plan;
  /** How the hosts are now. */
  readonly facts: ReadonlyMap<HostName, HostFacts>;
  readonly hosts: ReadonlyMap<HostName, Host>;
  readonly artifacts: Artifacts;
  readonly command: string;
}

/** Carries out a plan under the lock, and reports its progress. Resolves to the findings of its hooks. */
export async function carryOut(
  context: Context,
  run: ChangeRun,
  options: GlobalOptions,
  locked: Pick<Locked, 'signal' | 'taken' | 'beside'>,
): Promise<readonly Finding[]> {
  if (countChanges(run.plan).changes === 0) return [];
  const findings = await make({ ...context, signal: locked.signal }, run, options, locked);
  if (context.signal.aborted) {
    throw new HaupError('INTERRUPTED', 'Interrupted, after every change had been made.', {
      hint: 'haup status shows how everything is now.',
    });
  }
  return findings;
}

async function make(
  context: Context,
  run: ChangeRun,
  options: GlobalOptions,
  { taken, beside }: Pick<Locked, 'taken' | 'beside'>,
): Promise<readonly Finding[]> {
  const { inventory, plan, hosts, artifacts, command } = run;
  const [{ execute }, { agree }, { openLogs }, { reporterFor }] = await Promise.all([
    import('../run/execute.ts'),
    import('../run/agree.ts'),
    import('./run-log.ts'),
    import('./run-reporter.ts'),
  ]);
  const started = monotonicMs();
  const id = randomUUID();
  const involved = [...new Set(plan.tracks.flat().flatMap((stage) => stage.work.map(({ host }) => host)))];
  const reporter = await reporterFor(context, options, involved, plan);
  const { emit } = reporter;
  const logs = openLogs(context, command.split(' ')[1] ?? 'apply');
  const say = (line: string): void =>
    options.json === true ? context.err(`${line}\n`) : emit({ type: 'said', text: line });
  const hooks = runHooks(context, inventory, { command, run: id }, say);
  try {
    await fetchTarballs(context, plan, artifacts.tarballs, emit);
    await hooks.before('before_apply', { hosts: involved, changes: planData(plan).changes });
    const executing: ExecuteOptions = {
      emit,
      now: monotonicMs,
      log: logs.write,
      packs: artifacts.packs,
      label: labelOf(context, run, id),
      taken,
      agree: (members, signal) => agree(members, monotonicMs, signal),
      turns: turnHooks(hooks),
      gate: await gateFor(run, emit),
      ...(await keepFor(run, beside, emit, context.signal)),
    };
    await around(hooks, involved, () => execute(plan, hosts, executing, context.signal));
    const { changes, hosts: changed } = countChanges(plan);
    const seconds = ((monotonicMs() - started) / 1000).toFixed(1);
    emit({ type: 'said', text: `${count(changes, 'change')} on ${count(changed, 'host')} in ${seconds} s` });
    return hooks.findings();
  } catch (error) {
    for (const finding of hooks.findings()) emit({ type: 'finding', finding });
    reporter.end();
    if (error instanceof HaupError && logs.paths().length > 0) {
      const whose = logs.paths().length === 1 ? 'the host' : 'each host';
      const paths = logs.paths().map((path) => `  ${path}`);
      context.err(`The full output of ${whose} is in\n${paths.join('\n')}\n`);
    }
    throw error;
  } finally {
    reporter.end();
    logs.close();
  }
}

/** What `haup history` shows of the state that is kept before the run. */
const labelOf = (
  context: Context,
  { command, inventory }: ChangeRun,
  run: string,
): ExecuteOptions['label'] => ({
  run,
  who: context.operator,
  when: new Date(context.now()).toISOString(),
  why: command,
  inventory: inventory.file,
});

/** What holds between the stages of the plan, and what is said while it is waited for. */
async function gateFor(
  { inventory, goal, facts, hosts }: ChangeRun,
  emit: Emit,
): Promise<ExecuteOptions['gate']> {
  const { gate } = await import('../run/gate.ts');
  const before = [
    ...[...facts.values()].flatMap((have) => servedNow(inventory, have) ?? []),
    inventory.nginx,
  ];
  return async (checks, members, signal, about) => {
    emit({ type: 'said', text: waitingFor(checks, members) });
    const clock = { now: monotonicMs, sleep: pause };
    await gate(
      goal,
      hosts,
      checks,
      members,
      {
        ...clock,
        addresses: about?.addresses,
        settling: about?.settling,
        strangers: about?.strangers,
        pending: about?.pending,
        before,
      },
      signal,
    );
  };
}

/** A plan that keeps no connections, or moves no VIP, costs nothing. */
async function keepFor(
  { inventory, goal, plan, facts, hosts }: ChangeRun,
  beside: ReadonlyMap<HostName, Host>,
  emit: Emit,
  signal: AbortSignal,
): Promise<Pick<ExecuteOptions, 'keep' | 'awaitKept'>> {
  if (plan.grace === undefined) return { keep: async () => null, awaitKept: async () => {} };
  const { seconds } = plan.grace;
  const [{ keepingConnections }, { gatherSome }, { statusRequest }] = await Promise.all([
    import('./change-graces.ts'),
    import('../facts/gather.ts'),
    import('../desired/facts-request.ts'),
  ]);
  const wanted = plan.grace.beside;
  const takers = new Map([...beside].filter(([name]) => wanted.includes(name)));
  const theirs = await gatherSome(takers, () => statusRequest(inventory), signal);
  for (const host of wanted.filter((name) => !theirs.facts.has(name))) {
    emit({ type: 'said', text: 'does not answer: connections to a VIP that moves there are reset', host });
  }
  const all = { facts: new Map([...facts, ...theirs.facts]), hosts: new Map([...hosts, ...takers]) };
  return keepingConnections({ goal, ...all, beside: new Set(takers.keys()), seconds, emit });
}

function waitingFor(checks: readonly CheckName[], members: readonly HostName[]): string {
  const names = members.join(' and ');
  if (checks.includes('released')) return `waiting until ${names} has given its VIPs away`;
  if (checks.includes('covered')) return `waiting until another host has the VIPs of ${names}`;
  if (checks.includes('overlapping')) return `waiting until ${names} has its VIPs too`;
  if (!checks.includes('one-holder')) return `waiting until keepalived and nginx run on ${names}`;
  return 'waiting until every VIP has one holder and answers';
}

/** The hooks around the turn of each host. */
function turnHooks(hooks: RunHooks): ExecuteOptions['turns'] {
  const shown = (changes: readonly Change[]): readonly object[] =>
    changes.map(({ id, title, why }) => ({ id, title, why }));
  return {
    before: (host, changes) => hooks.before('before_host', { host, changes: shown(changes) }),
    after: (host, changes, failure) =>
      hooks.after('after_host', {
        host,
        changes: shown(changes),
        ok: failure === null,
        error: failure === null ? null : errorData(failure),
      }),
  };
}

/** Tells after_apply how the work ended, whichever way it did. */
async function around(hooks: RunHooks, hosts: readonly HostName[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await hooks.after('after_apply', { hosts, ok: false, error: errorData(error) });
    throw error;
  }
  await hooks.after('after_apply', { hosts, ok: true, error: null });
}

/** Downloads and checks every tarball before the first host is touched. */
async function fetchTarballs(
  context: Context,
  plan: Plan,
  into: Map<string, Uint8Array>,
  emit: Emit,
): Promise<void> {
  const wanted = new Map<string, Tarball>();
  for (const stage of plan.tracks.flat()) {
    for (const action of stage.work.flatMap(({ changes }) => changes).flatMap(({ actions }) => actions)) {
      if (action.do === 'upload') wanted.set(action.tarball.sha256, action.tarball);
    }
  }
  if (wanted.size === 0) return;
  const { download } = await import('../run/download.ts');
  const cache = `${cacheDirectory(context)}/tarballs`;
  await Promise.all(
    [...wanted.values()].map(async (tarball) => {
      const { bytes, from } = await download(tarball, cache, context.signal);
      into.set(tarball.sha256, bytes);
      emit({
        type: 'said',
        text: `${tarball.name} from ${from}, sha256 ${tarball.sha256.slice(0, 12)}… verified`,
      });
    }),
  );
}
