/**
 * The grace of a VIP that moves: connections that were open before live on, on the host that has given the VIP up.
 * The new holder sends it what belongs to no connection of its own. Each host ends its part by a timer of its own when
 * haup does not; a boot ends it too, since nothing of it is on a disk.
 */

import type { Action } from '../model/action.ts';
import { hostScript } from '../base/host-script.ts';
import { minute, type RemoteJob } from './remote-job.ts';

const cannotStatus = 84;

type Begin = Extract<Action, { readonly do: 'grace-answer' | 'grace-forward' }>;

export function beginGrace(action: Begin): RemoteJob {
  const { vip, seconds, device } = action.grace;
  const given = { vip, seconds, device, ending: endingOf(vip) };
  return {
    script: `set -e\n${action.do === 'grace-answer' ? hostScript('grace-answer', given) : hostScript('grace-forward', { ...given, to: action.to })}`,
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    meaning: {
      [cannotStatus]: {
        code: 'COMMAND_FAILED',
        message: 'The host cannot forward open connections.',
        hint: 'They will be reset when the VIP moves. Install nftables (kernel 4.18 or later) on every member.',
      },
    },
    what: `beginning the grace of ${vip}`,
  };
}

export const endGrace = ({ vip }: Extract<Action, { readonly do: 'grace-end' }>): RemoteJob => ({
  script: `set -e
${endingOf(vip)}systemctl stop haup-grace-${vip}.timer 2>/dev/null || true`,
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `ending the grace of ${vip}`,
});

const endingOf = (vip: string): string => hostScript('grace-end', { vip });
