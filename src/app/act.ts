import { randomUUID } from 'node:crypto';
import type { Tarball } from '../model/desired.ts';
import type { HostName } from '../model/domain.ts';
import { servedNow } from '../desired/nginx-files.ts';
import { HaupError } from '../model/errors.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Emit } from '../model/events.ts';
import type { CheckName, Finding, Plan } from '../model/plan.ts';
import { countChanges } from '../plan/make-plan.ts';
import { errorData } from '../report/json.ts';
import { count } from '../report/words.ts';
import { monotonicMs } from '../base/clock.ts';
import type { ApplyRun } from './apply-run.ts';
import type { Context } from './command-context.ts';
import { type RunHooks, runHooks } from './hooks.ts';
import { pause } from '../base/pause.ts';
import { planData } from './print-plan.ts';
import { cacheDirectory } from './prepare-decision.ts';
import type { GlobalOptions } from './options.ts';

/** Carries out a plan, and tells what goes on; resolves to what its hooks did wrong. `before`: how the hosts are now. */
export async function act(
  context: Context,
  task: ApplyRun,
  options: GlobalOptions,
  taken: AbortSignal,
  before: ReadonlyMap<HostName, HostFacts>,
): Promise<readonly Finding[]> {
  const { inventory, goal, plan, hosts, artifacts, command } = task;
  const [{ execute }, { agree }, { gate }, { openLogs }, { reporterFor }] = await Promise.all([
    import('../run/execute.ts'),
    import('../run/agree.ts'),
    import('../run/gate.ts'),
    import('./run-log.ts'),
    import('./run-reporter.ts'),
  ]);
  const started = monotonicMs();
  const run = randomUUID();
  const served = [
    ...[...before.values()].flatMap((facts) => servedNow(inventory, facts) ?? []),
    inventory.nginx,
  ];
  const involved = [...new Set(plan.tracks.flat().flatMap((stage) => stage.work.map(({ host }) => host)))];
  const reporter = await reporterFor(context, options, involved, plan);
  const { emit } = reporter;
  const logs = openLogs(context, command.split(' ')[1] ?? 'apply');
  const say = (line: string): void =>
    options.json === true ? context.err(`${line}\n`) : emit({ type: 'said', text: line });
  const hooks = runHooks(context, inventory, { command, run }, say);
  try {
    await fetchTarballs(context, plan, artifacts.tarballs, emit);
    await hooks.before('before_apply', { hosts: involved, changes: planData(plan).changes });
    await around(hooks, involved, () =>
      execute(
        plan,
        hosts,
        {
          emit,
          now: monotonicMs,
          log: logs.write,
          packs: artifacts.packs,
          label: {
            run,
            who: context.operator,
            when: new Date(context.now()).toISOString(),
            why: command,
            inventory: inventory.file,
          },
          taken,
          agree: (members, signal) => agree(members, monotonicMs, signal),
          turns: {
            before: (host, changes) =>
              hooks.before('before_host', {
                host,
                changes: changes.map(({ id, title, why }) => ({ id, title, why })),
              }),
            after: (host, changes, failure) =>
              hooks.after('after_host', {
                host,
                changes: changes.map(({ id, title, why }) => ({ id, title, why })),
                ok: failure === null,
                error: failure === null ? null : errorData(failure),
              }),
          },
          gate: async (checks, members, signal, about) => {
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
                before: served,
              },
              signal,
            );
          },
        },
        context.signal,
      ),
    );
    const { changes, hosts: changed } = countChanges(plan);
    const seconds = ((monotonicMs() - started) / 1000).toFixed(1);
    emit({ type: 'said', text: `${count(changes, 'change')} on ${count(changed, 'host')} in ${seconds} s` });
    return hooks.findings();
  } catch (error) {
    for (const finding of hooks.findings()) emit({ type: 'finding', finding });
    reporter.end();
    if (error instanceof HaupError && logs.paths().length > 0) {
      context.err(
        `The whole output of ${logs.paths().length === 1 ? 'the host' : 'each host'} is in\n${logs
          .paths()
          .map((p) => `  ${p}`)
          .join('\n')}\n`,
      );
    }
    throw error;
  } finally {
    reporter.end();
    logs.close();
  }
}

function waitingFor(checks: readonly CheckName[], members: readonly HostName[]): string {
  const names = members.join(' and ');
  if (checks.includes('released')) return `waiting until ${names} has given its VIPs away`;
  if (checks.includes('covered')) return `waiting until another host has the VIPs of ${names}`;
  if (checks.includes('overlapping')) return `waiting until ${names} has its VIPs too`;
  if (!checks.includes('one-holder')) return `waiting until keepalived and nginx run on ${names}`;
  return 'waiting until every VIP has one holder and answers';
}

/** Whatever comes of it, after_apply is told. */
async function around(hooks: RunHooks, hosts: readonly HostName[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await hooks.after('after_apply', { hosts, ok: false, error: errorData(error) });
    throw error;
  }
  await hooks.after('after_apply', { hosts, ok: true, error: null });
}

/** Every tarball is here and checked before the first host is touched. */
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
        text: `${tarball.name} from ${from}, sha256 ${tarball.sha256.slice(0, 12)}… is right`,
      });
    }),
  );
}
