/** What a keepalived.conf says about VRRP, whoever wrote it. Pure. */

export interface WrittenInstance {
  readonly name: string;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  /** Seconds. */
  readonly advertInt: number;
  readonly version: 2 | 3;
  /** Type and password in one; null: none. */
  readonly auth: string | null;
  readonly unicast: boolean;
  /** Without their prefix lengths. */
  readonly addresses: readonly string[];
}

/** Every vrrp_instance with an address; what is not understood is passed over. */
export function writtenInstances(text: string): readonly WrittenInstance[] {
  const top = blockOf(wordsOf(text));
  const version = top.blocks
    .filter(({ words }) => words[0] === 'global_defs')
    .map(({ block }) => valueOf(block, 'vrrp_version'))
    .findLast((value) => value !== undefined);
  return top.blocks.flatMap(({ words: [keyword, name = ''], block }) => {
    if (keyword !== 'vrrp_instance') return [];
    const value = (key: string, otherwise: string): string => valueOf(block, key) ?? otherwise;
    const inner = (key: string): Block | undefined =>
      block.blocks.find(({ words }) => words[0] === key)?.block;
    const auth = inner('authentication');
    const addresses = (inner('virtual_ipaddress')?.lines ?? []).map(
      ([cidr = '']) => cidr.split('/')[0] ?? '',
    );
    if (addresses.length === 0) return [];
    const instance: WrittenInstance = {
      name,
      interface: value('interface', ''),
      virtualRouterId: Number(value('virtual_router_id', '0')),
      priority: Number(value('priority', '100')),
      advertInt: Number(value('advert_int', '1')),
      version: value('version', version ?? '2') === '3' ? 3 : 2,
      auth:
        auth === undefined
          ? null
          : `${valueOf(auth, 'auth_type') ?? ''} ${(valueOf(auth, 'auth_pass') ?? '').slice(0, 8)}`,
      unicast: (inner('unicast_peer')?.lines.length ?? 0) > 0,
      addresses: addresses.toSorted(),
    };
    return [instance];
  });
}

/** The text with other VRIDs for the instances of these addresses; null where it is not written plainly enough. */
export function withRouterIds(text: string, ids: ReadonlyMap<string, number>): string | null {
  const wanted = writtenInstances(text).map((instance) => ({
    ...instance,
    virtualRouterId: instance.addresses.reduce(
      (id, address) => ids.get(address) ?? id,
      instance.virtualRouterId,
    ),
  }));
  const changed = text.replaceAll(
    /^([ \t]*vrrp_instance[ \t]+(\S+)[^]*?^[ \t]*virtual_router_id[ \t]+)\d+/gm,
    (all, before: string, name: string) => {
      const instance = wanted.find((one) => one.name === name);
      return instance === undefined ? all : `${before}${instance.virtualRouterId}`;
    },
  );
  return JSON.stringify(writtenInstances(changed)) === JSON.stringify(wanted) ? changed : null;
}

export interface Block {
  /** Lines without a block of their own, as words. */
  readonly lines: readonly (readonly string[])[];
  readonly blocks: readonly { readonly words: readonly string[]; readonly block: Block }[];
}

/** Of the last line that has it, as keepalived takes it. */
const valueOf = (block: Block, key: string): string | undefined =>
  block.lines.findLast(([word]) => word === key)?.[1];

/** Words, braces and line ends; `#` and `!` begin a comment, quotes hold a word together. */
export function wordsOf(text: string): string[] {
  return (
    text
      .match(/[#!][^\n]*|"[^"\n]*"|'[^'\n]*'|[{}\n]|[^\s{}"'#!]+/g)
      ?.filter((word) => !/^[#!]/.test(word)) ?? []
  );
}

export function blockOf(words: string[]): Block {
  const lines: string[][] = [];
  const blocks: { words: string[]; block: Block }[] = [];
  let line: string[] = [];
  const end = (): void => {
    if (line.length > 0) lines.push(line);
    line = [];
  };
  for (;;) {
    const word = words.shift();
    if (word === undefined || word === '}') break;
    if (word === '\n') end();
    else if (word === '{') {
      // The brace may stand on a line of its own.
      const head = line.length > 0 ? line : (lines.pop() ?? []);
      line = [];
      blocks.push({ words: head, block: blockOf(words) });
    } else line.push(word.replace(/^(["'])(.*)\1$/, '$2'));
  }
  end();
  return { lines, blocks };
}
