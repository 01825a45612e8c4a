import { inventoryJsonSchema } from '../../src/inventory/schema.ts';

export interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | false;
}

export interface Leaf {
  /** Keys from the top; `*` for the name of a host, `0` for an item of a list. */
  readonly path: readonly string[];
  readonly node: Node;
}

export const schema = inventoryJsonSchema() as Node;

/** Every key of the schema, sections too. */
export function keys(node: Node = schema, path: readonly string[] = []): Leaf[] {
  const children = [
    ...Object.entries(node.properties ?? {}),
    ...(node.items ? [['0', node.items] as const] : []),
    ...(node.additionalProperties ? [['*', node.additionalProperties] as const] : []),
  ];
  return children.flatMap(([key, child]) => [
    { path: [...path, key], node: child },
    ...keys(child, [...path, key]),
  ]);
}

/** Prose stays a comment; what looks like YAML behind a # becomes YAML. */
export const uncommented = (text: string): string =>
  text.replaceAll(/^( *)# ( *(?:- )?[a-z_0-9]+:(?: .*)?)$/gm, '$1$2');
