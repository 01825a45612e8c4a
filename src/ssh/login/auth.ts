/** Who the operator is: the agent's keys and the key files that ssh would use, then the inventory's password. */

import { readFile } from 'node:fs/promises';
import type { AnyAuthMethod, BaseAgent, IdentityCallback, ParsedKey } from 'ssh2';
import type * as ssh2 from 'ssh2';
import type { Secret } from '../../model/secret.ts';

/** The parts of ssh2 that this needs; node-ssh brings it. */
export type KeyTools = Pick<typeof ssh2, 'createAgent' | 'BaseAgent' | 'utils'>;

export interface Identity {
  readonly user: string;
  readonly agent: string | null;
  readonly files: readonly string[];
  /** Offer no key of the agent that is not one of the files. */
  readonly identitiesOnly: boolean;
  readonly password: Secret | null;
}

/** What is offered, in order, and what a message about a refusal needs. */
export interface Offers {
  readonly next: (methodsLeft: readonly string[] | null) => AnyAuthMethod | false;
  /** In words, for messages: `key ~/.ssh/id_ed25519`. */
  readonly made: readonly string[];
  /** What the host accepts, when it has said so. */
  readonly accepted: readonly string[];
  /** Key files that are encrypted and that no agent holds. */
  readonly locked: readonly string[];
  /** Key files that were named and that are missing or no keys. */
  readonly unusable: readonly string[];
}

/** Reads the agent's list and the key files. Never rejects: what cannot be used is not offered. */
export async function prepareOffers(
  identity: Identity,
  tools: KeyTools,
  debug: (line: string) => void,
): Promise<Offers> {
  const [held, files] = await Promise.all([
    agentKeys(identity.agent, tools, debug),
    Promise.all(identity.files.map((path) => readKey(path, tools, debug))),
  ]);
  const { user } = identity;
  const offers: { readonly words: string; readonly method: AnyAuthMethod }[] = [];
  const locked: string[] = [];
  const offered = new Set<string>();
  const offerHeld = (key: ParsedKey, words: string): void => {
    const blob = key.getPublicSSH().toString('base64');
    if (held === null || offered.has(blob)) return;
    offered.add(blob);
    offers.push({ words, method: { type: 'agent', username: user, agent: only(key, held.agent, tools) } });
  };

  for (const file of files) {
    if (file === null) continue;
    const inAgent = held?.keys.find((key) => file.blob !== null && key.getPublicSSH().equals(file.blob));
    if (inAgent !== undefined) offerHeld(inAgent, `key ${file.path} (agent)`);
    else if (file.key !== null) {
      offers.push({
        words: `key ${file.path}`,
        method: { type: 'publickey', username: user, key: file.key },
      });
    } else if (file.encrypted) locked.push(file.path);
  }
  // The agent's other keys come after the files that were named: sshd hangs up after a few wrong keys.
  if (!identity.identitiesOnly) {
    for (const key of held?.keys ?? []) offerHeld(key, `key ${key.comment || key.type} of the agent`);
  }
  const { password } = identity;
  if (password !== null) {
    offers.push({
      words: `password from ${password.source}`,
      method: { type: 'password', username: user, password: password.reveal() },
    });
    offers.push({
      words: `password from ${password.source} (keyboard-interactive)`,
      method: answering(user, password),
    });
  }
  // Asks the host what it accepts; a few take it for a login.
  if (offers.length === 0) offers.push({ words: '', method: { type: 'none', username: user } });

  const made: string[] = [];
  let passwordTried = false;
  let accepted: readonly string[] = [];
  return {
    made,
    locked,
    unusable: identity.identitiesOnly ? identity.files.filter((_, index) => isNoKey(files[index])) : [],
    get accepted() {
      return accepted;
    },
    next(methodsLeft) {
      if (methodsLeft !== null) accepted = methodsLeft;
      for (let offer = offers.shift(); offer !== undefined; offer = offers.shift()) {
        const method = offer.method.type === 'agent' ? 'publickey' : offer.method.type;
        if (methodsLeft !== null && !methodsLeft.includes(method)) continue;
        // A host that still takes passwords has refused this one: a second trial may lock the user out.
        if (method === 'keyboard-interactive' && passwordTried && methodsLeft?.includes('password') === true)
          continue;
        passwordTried ||= method === 'password';
        if (offer.words !== '') made.push(offer.words);
        debug(`offering ${offer.words || 'nothing'}`);
        return offer.method;
      }
      return false;
    },
  };
}

interface Held {
  readonly agent: BaseAgent;
  readonly keys: readonly ParsedKey[];
}

/** Null when there is no agent, or when it does not answer. */
async function agentKeys(
  socket: string | null,
  tools: KeyTools,
  debug: (line: string) => void,
): Promise<Held | null> {
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

/** ssh2 offers all keys of an agent, in its order; this is the agent with one key. */
function only(key: ParsedKey, agent: BaseAgent, tools: KeyTools): BaseAgent {
  return Object.assign(Object.create(tools.BaseAgent.prototype) as BaseAgent, {
    getIdentities: (callback: IdentityCallback) => callback(null, [key]),
    sign: agent.sign.bind(agent),
  });
}

interface KeyFile {
  readonly path: string;
  readonly key: ParsedKey | null;
  readonly encrypted: boolean;
  /** The public key in wire format; null when it is known only after decryption. */
  readonly blob: Buffer | null;
}

const isNoKey = (file: KeyFile | null | undefined): boolean =>
  !file || (file.key === null && file.blob === null && !file.encrypted);

async function readKey(
  path: string,
  tools: KeyTools,
  debug: (line: string) => void,
): Promise<KeyFile | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') debug(`${path}: ${error.message}`);
    return null;
  });
  const parse = (data: string): ParsedKey | Error => {
    const parsed = tools.utils.parseKey(data);
    return Array.isArray(parsed) ? (parsed[0] ?? new Error('no key')) : parsed;
  };
  const key = text === null ? null : parse(text);
  if (key !== null && !(key instanceof Error)) {
    return { path, key: key.isPrivateKey() ? key : null, encrypted: false, blob: key.getPublicSSH() };
  }
  const publicText = await readFile(`${path}.pub`, 'utf8').catch(() => null);
  const publicKey = publicText === null ? null : parse(publicText);
  const blob = publicKey === null || publicKey instanceof Error ? null : publicKey.getPublicSSH();
  if (text === null) return blob === null ? null : { path, key: null, encrypted: false, blob };
  const encrypted = key instanceof Error && /encrypted/i.test(key.message);
  if (!encrypted) debug(`${path}: ${key instanceof Error ? key.message : 'not a key'}`);
  return { path, key: null, encrypted, blob: blob ?? clearPublicKey(text) };
}

/** OpenSSH's own format keeps the public key in clear: magic, cipher, kdf, kdf options, count, public key. */
function clearPublicKey(text: string): Buffer | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (base64 === undefined) return null;
  const bytes = Buffer.from(base64, 'base64');
  let at = 'openssh-key-v1\0'.length;
  const field = (): Buffer | null => {
    if (at + 4 > bytes.length) return null;
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return at > bytes.length ? null : bytes.subarray(start, at);
  };
  field();
  field();
  field();
  at += 4;
  return field();
}

/** The password as the answer to the first question; further questions get none, so that it is tried once. */
function answering(username: string, password: Secret): AnyAuthMethod {
  let given = false;
  return {
    type: 'keyboard-interactive',
    username,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      const answers = prompts.map((prompt) => {
        if (given || prompt.echo === true) return '';
        given = true;
        return password.reveal();
      });
      finish(answers);
    },
  };
}
