/** systemctl, with the proof that it did what it was told: its own exit status is none. */

import type { Service } from '../model/domain.ts';
import type { ServiceFound } from '../model/facts.ts';
import { unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import { hostScript } from '../base/host-script.ts';
import type { RemoteJob } from './remote-job.ts';

/** Chosen by haup: the host has a VIP that another was to have; the host goes down. */
const servingStatus = 76;
const stoppingStatus = 77;

const goingDown = {
  code: 'CONNECTION_LOST',
  message: 'The host is shutting down or rebooting.',
  hint: 'Once the host answers, run the command again: it finishes what is left.',
} as const;

export const service = (action: Extract<Action, { readonly do: 'service' }>): RemoteJob => ({
  script: changeScript(action),
  timeoutMs: 120_000,
  failure: 'SERVICE_FAILED',
  what: `systemctl ${action.verb} ${action.service}`,
  meaning: {
    [stoppingStatus]: goingDown,
    [servingStatus]: {
      code: 'GATE_FAILED',
      message: `The host still has VIPs that another host should have by now: ${action.verb} of ${action.service} would interrupt them.`,
      hint: 'The host that had them has failed, or lost its cable. Once it is back (haup status), run the command again.',
    },
  },
});

function changeScript({
  service: name,
  verb,
  found,
  idle = [],
}: Extract<Action, { readonly do: 'service' }>): string {
  const unlessHeld =
    idle.length > 0 ? hostScript('unless-held', { serving_status: servingStatus }, idle) : '';
  const remembering =
    found === undefined ? '' : hostScript('remember-found', { service: name, found: foundWords(found) });
  if (verb === 'enable' || verb === 'disable') {
    const change = verb === 'enable' ? 'enable-service' : 'disable-service';
    return unlessHeld + remembering + hostScript(change, { service: name });
  }
  return (
    unlessHeld +
    remembering +
    hostScript('change-service', {
      service: name,
      verb,
      unread_mark: unreadMark(name),
      hurries: name === 'nginx' && idle.length > 0 ? 'yes' : '',
      stopping_status: stoppingStatus,
    })
  );
}

const foundWords = ({ active, enabled }: ServiceFound): string =>
  `${active ? 'active' : 'inactive'} ${enabled ? 'enabled' : 'disabled'}`;

export const reloadTogether = (name: Service, atMs: number): RemoteJob => ({
  script: hostScript('reload-together', {
    service: name,
    unread_mark: unreadMark(name),
    at: atMs,
    stopping_status: stoppingStatus,
  }),
  timeoutMs: 60_000,
  lifeline: true,
  failure: 'SERVICE_FAILED',
  what: `reloading ${name} at the agreed moment`,
  meaning: { [stoppingStatus]: goingDown },
});
