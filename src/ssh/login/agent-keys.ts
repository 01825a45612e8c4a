import type { BaseAgent, IdentityCallback, ParsedKey } from 'ssh2';
import type { KeyTools } from './key-file.ts';

export interface AgentKeys {
  readonly agent: BaseAgent;
  readonly keys: readonly ParsedKey[];
}

/** Null if there is no agent, it does not answer, or it holds no keys. */
export async function agentKeys(
  socket: string | null,
  tools: KeyTools,
  debug: (line: string) => void,
): Promise<AgentKeys | null> {
  if (socket === null) return null;
  const agent = tools.createAgent(socket);
  const keys = await new Promise<ParsedKey[]>((resolve) => {
    const limit = setTimeout(() => done(new Error('no answer'), []), agentLimitMs);
    const done = (
      error: Error | null | undefined,
      list: readonly (ParsedKey | Buffer | string | object)[] = [],
    ): void => {
      clearTimeout(limit);
      if (error) debug(`agent ${socket}: ${error.message}`);
      resolve(
        list.flatMap((key) => {
          const parsed = tools.utils.parseKey(key as ParsedKey);
          return parsed instanceof Error ? [] : parsed;
        }),
      );
    };
    agent.getIdentities(done);
  });
  return keys.length === 0 ? null : { agent, keys };
}

const agentLimitMs = 5_000;

/** An agent with one key: of a whole one ssh2 offers every key, in the agent's order. */
export function agentWith(key: ParsedKey, agent: BaseAgent, tools: KeyTools): BaseAgent {
  return Object.assign(Object.create(tools.BaseAgent.prototype) as BaseAgent, {
    getIdentities: (callback: IdentityCallback) => callback(null, [key]),
    sign: agent.sign.bind(agent),
  });
}
