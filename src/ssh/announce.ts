/**
 * Gratuitous ARP (RFC 5227, section 3) around an agreed moment, from a host that has VIPs which another one is about
 * to give up. That one may have announced them last: keepalived does so again 5 s after it took over
 * (garp_master_delay) and then from time to time (garp_master_refresh), and clients would look for them there.
 */

import type { Action } from '../model/action.ts';
import { hostScript } from '../base/host-script.ts';
import type { RemoteJob } from './remote-job.ts';

export const announce = ({
  addresses,
  atMs,
  forMs,
}: Extract<Action, { readonly do: 'announce' }>): RemoteJob => ({
  script: hostScript('announce-vips', { at: atMs ?? 0, for_ms: forMs }, addresses),
  timeoutMs: 60_000,
  lifeline: true,
  failure: 'COMMAND_FAILED',
  what: 'announcing VIPs',
});
