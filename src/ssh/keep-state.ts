/** States of a host, kept on it: what `keep-state` writes, facts/kept-states.ts reads. */

import { ruleWords } from '../model/firewall-rules.ts';
import { installedList, keptStates, stampPath, unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob } from './remote-job.ts';
import { hostScript } from '../base/host-script.ts';

export function keepState({
  label,
  services,
  firewall,
}: Extract<Action, { readonly do: 'keep-state' }>): RemoteJob {
  const rules = (firewall ?? []).map(({ at, rule }) => [at, ruleWords(rule)]);
  const paths = services.flatMap(({ entry, files, unit, init = [] }) => [
    entry,
    ...files,
    unit,
    ...init.map(({ path }) => path),
  ]);
  const builds = services.flatMap(({ service, binary, prefix }) =>
    prefix === null
      ? []
      : [service, binary, stampPath(service, prefix), installedList(service, prefix), prefix],
  );
  return {
    script: hostScript(
      'keep-state',
      {
        paths: [...new Set(paths)],
        owned: services.flatMap(({ owns }) => owns),
        unread_marks: services.map(({ service }) => unreadMark(service)),
        kept_states: keptStates,
      },
      builds,
    ),
    stdin: Buffer.from(JSON.stringify({ label, services, firewall: rules }), 'utf8'),
    timeoutMs: 60_000,
    failure: 'COMMAND_FAILED',
    what: 'keeping the state of the host',
  };
}

export const restoreBuild = ({
  service,
  state,
}: Extract<Action, { readonly do: 'restore-build' }>): RemoteJob => ({
  script: hostScript('restore-build', { service, state, installed: installedList(service, '') }),
  timeoutMs: 60_000,
  failure: 'INSTALL_FAILED',
  what: `putting ${service} back`,
});
