/** How to reach a host: its settings, and the jump hosts on the way. */

import { HaupError } from '../../model/errors.ts';
import { readSshConfig } from './ssh-config.ts';
import { type JumpHost, jumpsToItself, parseJumpHosts } from './jump.ts';
import { type Library, logIn, type LoginOptions, type LoginSession, type LoginTarget } from './login.ts';

export interface Journey {
  /** The host to reach, for messages. */
  readonly host: string;
  readonly options: LoginOptions;
  readonly signal: AbortSignal;
  readonly library: () => Promise<Library>;
}

const mostJumps = 8;

/** Logs in as the inventory says, else as ssh would. Rejects as `connect` says. */
export async function reach(target: LoginTarget, journey: Journey): Promise<LoginSession> {
  return await reachFrom(null, target, journey, []);
}

/** `via`: the jump host before this one; `passed`: all that lead to it. */
async function reachFrom(
  via: LoginSession | null,
  target: LoginTarget,
  journey: Journey,
  passed: readonly string[],
): Promise<LoginSession> {
  const { host, options, signal } = journey;
  const asking = readSshConfig(target, options, signal);
  // At first the library takes as long to load as `ssh -G` takes to answer.
  const [config, library] = await Promise.all([asking, journey.library()]);

  const wanted = via === null ? (target.jump ?? config.proxyJump) : null;
  const jumps =
    wanted === null
      ? []
      : parseJumpHosts(wanted, host).filter(
          (jump) => !jumpsToItself(jump, { address: target.address, ...config }),
        );
  if (via === null && target.jump === null && config.proxyJump === null && config.proxyCommand !== null) {
    throw new HaupError('SSH_UNSUPPORTED', `The ssh configuration of ${target.label} sets ProxyCommand.`, {
      host,
      hint: 'haup does not run it. Use ProxyJump in ~/.ssh/config or ssh.jump in the inventory, or set ProxyCommand to none.',
    });
  }
  if (passed.length + jumps.length > mostJumps) {
    throw new HaupError(
      'SSH_UNSUPPORTED',
      `There are more than ${mostJumps} jump hosts on the way to ${host}.`,
      {
        host,
        hint: 'Look for a loop of ProxyJump in ~/.ssh/config.',
        detail: [[host, ...passed, ...jumps.map(({ address }) => address)].join(' → ')],
      },
    );
  }
  let before = via;
  try {
    for (const jump of jumps) {
      // The first one is reached as its own configuration says, each other one through the one before it.
      before = await reachFrom(before, jumpTarget(jump), journey, [...passed, jump.address]);
    }
    return await logIn({ host, target, config, options, library, signal, via: before });
  } catch (error) {
    if (before !== via) await before?.close();
    throw error;
  }
}

function jumpTarget(jump: JumpHost): LoginTarget {
  return {
    ...jump,
    label: `jump host ${jump.address}`,
    identityFile: null,
    jump: null,
    hostKey: null,
    password: null,
  };
}
