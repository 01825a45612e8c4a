/**
 * What a host is entrusted with before its daemon reads a change that all members of a cluster must read: when the
 * operator's machine goes in between, some would have read it and others not, and they would not hear each other.
 * The process that holds the host's lock knows when that machine has gone; it leaves the rest to this script.
 */

import { entrustedScript, unreadMark } from '../model/layout.ts';
import type { Action } from '../model/action.ts';
import type { RemoteJob } from './remote-job.ts';
import { hostScript } from '../base/host-script.ts';
import { quote } from '../base/quote.ts';

export const entrust = ({
  service,
  afterMs,
  announce,
}: Extract<Action, { readonly do: 'entrust' }>): RemoteJob => ({
  script: hostScript('entrust'),
  stdin: Buffer.from(
    hostScript(
      'entrusted',
      {
        service,
        unread_mark: unreadMark(service),
        after: (afterMs / 1000).toFixed(3),
        announce_at: Math.round(announce?.afterMs ?? 0),
        announce_for: announce?.forMs ?? 0,
      },
      announce?.addresses ?? [],
    ),
  ),
  timeoutMs: 60_000,
  failure: 'COMMAND_FAILED',
  what: `writing ${entrustedScript}`,
});

export const withdraw = (): RemoteJob => ({
  script: `rm -f ${quote(entrustedScript)}`,
  timeoutMs: 60_000,
  failure: 'COMMAND_FAILED',
  what: `removing ${entrustedScript}`,
});
