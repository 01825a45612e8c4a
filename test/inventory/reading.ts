import type { Inventory } from '../../src/model/domain.ts';
import { HaupError } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import type { ReadOptions } from '../../src/inventory/read.ts';
import { readInventory } from '../fakes/inventory.ts';

/** The value of a secret is what follows the last colon of its reference; a file contains its name. */
export const options: ReadOptions = {
  resolveSecret: (reference) => new Secret(reference.replace(/^.*:-?/, ''), reference.replace(/:-.*/, '')),
  readText: (path) => `# ${path}\n`,
};

export const read = (text: string, more: Partial<ReadOptions> = {}): Inventory =>
  readInventory(text, 'inventory.yaml', { ...options, ...more });

/** The problems of a text, one line each: `2:7 message = hint`. */
export function problems(text: string, more: Partial<ReadOptions> = {}): string[] {
  const lines = refusal(text, more).detail;
  return lines.flatMap((line, i) => {
    const head = /^inventory\.yaml:(\d+:\d+ .*)$/s.exec(line)?.[1];
    if (head === undefined) return [];
    const hint = /^ {5} = (.*)$/s.exec(lines[i + 3] ?? '')?.[1];
    return [hint === undefined ? head : `${head} = ${hint}`];
  });
}

export function refusal(text: string, more: Partial<ReadOptions> = {}): HaupError {
  try {
    read(text, more);
  } catch (error) {
    if (error instanceof HaupError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Two hosts and one VIP, the smallest inventory, followed by `more`. */
export const least = (more = ''): string =>
  `hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}\nvips: [{address: 10.0.0.9, hosts: [a, b]}]\n${more}`;
