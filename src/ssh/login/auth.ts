/** Authentication: the keys that ssh would offer, from the agent and from files, then the inventory's password. */

import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import type { Secret } from '../../model/secret.ts';
import { type AgentKeys, agentKeys, agentWith } from './agent-keys.ts';
import { isNoKey, type KeyFile, type KeyTools, readKey } from './key-file.ts';

export interface Identity {
  readonly user: string;
  readonly agent: string | null;
  readonly files: readonly string[];
  /** Offer only those of the agent's keys that are in `files`. */
  readonly identitiesOnly: boolean;
  readonly password: Secret | null;
}

/** What to offer, in order, and what to tell about a refusal. */
export interface Offers {
  readonly next: (methodsLeft: readonly string[] | null) => AnyAuthMethod | false;
  /** In words, for messages: `key ~/.ssh/id_ed25519`. */
  readonly made: readonly string[];
  /** The methods that the host accepts, once it has said so. */
  readonly accepted: readonly string[];
  /** Encrypted key files whose key no agent holds. */
  readonly locked: readonly string[];
  /** Key files that were named but are missing or not keys. */
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
  const { offers, locked } = keyOffers(identity, files, held, tools);
  offers.push(...passwordOffers(identity));
  // Asks the host what it accepts; a few accept this as a login.
  if (offers.length === 0) offers.push({ words: '', method: { type: 'none', username: identity.user } });
  const made: string[] = [];
  let accepted: readonly string[] = [];
  const following = offerSequence(offers, made, debug);
  return {
    made,
    locked,
    unusable: identity.identitiesOnly ? identity.files.filter((_, index) => isNoKey(files[index])) : [],
    get accepted() {
      return accepted;
    },
    next(methodsLeft) {
      if (methodsLeft !== null) accepted = methodsLeft;
      return following(methodsLeft);
    },
  };
}

interface Offer {
  readonly words: string;
  readonly method: AnyAuthMethod;
}

/** The files that were named, then the agent's other keys: sshd hangs up after a few wrong keys. */
function keyOffers(
  { user, identitiesOnly }: Identity,
  files: readonly (KeyFile | null)[],
  held: AgentKeys | null,
  tools: KeyTools,
): { readonly offers: Offer[]; readonly locked: readonly string[] } {
  const offers: Offer[] = [];
  const locked: string[] = [];
  const offered = new Set<string>();
  const offerHeld = (key: ParsedKey, words: string): void => {
    const blob = key.getPublicSSH().toString('base64');
    if (held === null || offered.has(blob)) return;
    offered.add(blob);
    const agent = agentWith(key, held.agent, tools);
    offers.push({ words, method: { type: 'agent', username: user, agent } });
  };
  for (const file of files) {
    if (file === null) continue;
    const { path, key, blob, encrypted } = file;
    const inAgent = held?.keys.find((other) => blob !== null && other.getPublicSSH().equals(blob));
    if (inAgent !== undefined) offerHeld(inAgent, `key ${path} (agent)`);
    else if (key !== null)
      offers.push({ words: `key ${path}`, method: { type: 'publickey', username: user, key } });
    else if (encrypted) locked.push(path);
  }
  if (!identitiesOnly) {
    for (const key of held?.keys ?? []) offerHeld(key, `key ${key.comment || key.type} of the agent`);
  }
  return { offers, locked };
}

function passwordOffers({ user, password }: Identity): readonly Offer[] {
  if (password === null) return [];
  const words = `password from ${password.source}`;
  return [
    { words, method: { type: 'password', username: user, password: password.reveal() } },
    { words: `${words} (keyboard-interactive)`, method: answering(user, password) },
  ];
}

/** The next offer that the host accepts, each once; adds its words to `made`. */
function offerSequence(offers: Offer[], made: string[], debug: (line: string) => void): Offers['next'] {
  let passwordTried = false;
  return (methodsLeft) => {
    for (let offer = offers.shift(); offer !== undefined; offer = offers.shift()) {
      const method = offer.method.type === 'agent' ? 'publickey' : offer.method.type;
      if (methodsLeft !== null && !methodsLeft.includes(method)) continue;
      // A host that still accepts passwords has refused this one: a second try may lock the user out.
      if (method === 'keyboard-interactive' && passwordTried && methodsLeft?.includes('password') === true)
        continue;
      passwordTried ||= method === 'password';
      if (offer.words !== '') made.push(offer.words);
      debug(`offering ${offer.words || 'nothing'}`);
      return offer.method;
    }
    return false;
  };
}

/** Answers the first question with the password, and no other, so that it is tried once. */
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
