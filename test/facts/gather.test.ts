/** Facts that do not fit together, since a file changed while it was read. */

import { expect, test } from 'vitest';
import { gather } from '../../src/facts/gather.ts';
import type { FactsRequest } from '../../src/model/facts.ts';
import type { Host } from '../../src/model/host.ts';
import { HaupError } from '../../src/model/errors.ts';

const whole = Buffer.from('files\t0\n444 root:root 0 1790000000\nend\n');
/** The stat of a file that was shorter than what was read of it then. */
const torn = Buffer.from(
  'files\t1\n/etc/f\x00644 root:root 1 1790000000\n444 root:root 0 1790000000\nlonger\nend\n',
);
const request: FactsRequest = {
  packages: { deb: [], rpm: [] },
  users: [],
  files: ['/etc/f'],
  directories: [],
  binaries: { keepalived: { path: '/k', prefix: '/' }, nginx: { path: '/n', prefix: '/' } },
};

/** Answers one after the other; the last for ever. */
function answering(...answers: readonly Buffer[]): { readonly host: Host; readonly looks: () => number } {
  let looks = 0;
  const read = async (): Promise<Uint8Array> => answers[Math.min(looks++, answers.length - 1)] ?? whole;
  return { host: { name: 'keep_136', read } as unknown as Host, looks: () => looks };
}
const never = new AbortController().signal;

test('a file that changed while it was read is looked at again', async () => {
  const { host, looks } = answering(torn, whole);
  await expect(gather(host, request, never)).resolves.toMatchObject({ host: 'keep_136' });
  expect(looks()).toBe(2);
});

test('what fits at once is asked once', async () => {
  const { host, looks } = answering(whole);
  await gather(host, request, never);
  expect(looks()).toBe(1);
});

test('an answer that never fits is an error after three looks', async () => {
  const { host, looks } = answering(torn);
  const error: unknown = await gather(host, request, never).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(HaupError);
  expect(error).toMatchObject({ code: 'FACTS_UNREADABLE', host: 'keep_136' });
  expect(looks()).toBe(3);
});
