import { expect, test } from 'vitest';
import { exampleText } from '../fakes/example.ts';
import { read } from '../inventory/reading.ts';
import { keep136, keep137 } from './documented.conf.ts';
import { keepalivedConf, pair, resourcesOf, treeOf } from './hosts.ts';
import { parseKeepalived } from './keepalived-syntax.ts';

const documented = read(exampleText.replace('# profile: default ', 'profile: documented '));

test('the replacement has taken', () => {
  expect(documented.vrrp.profile).toBe('documented');
});

test.each([
  ['keep_136', keep136],
  ['keep_137', keep137],
])('%s has the directives of the source document, no more and no less', (host, source) => {
  expect(parseKeepalived(keepalivedConf(documented, host))).toEqual(parseKeepalived(source));
});

test('the order of members alone makes the roles', () => {
  const swapped = read(
    exampleText
      .replace('# profile: default ', 'profile: documented ')
      .replaceAll('[keep_136, keep_137]', '[keep_137, keep_136]'),
  );
  const states = parseKeepalived(keepalivedConf(swapped, 'keep_137'))
    .flatMap(({ block }) => block ?? [])
    .filter(({ words }) => words[0] === 'state');
  expect(states.map(({ words }) => words[1])).toEqual(['MASTER', 'MASTER']);
});

test('without a health check nothing of it is left: no script and no user for it; whether nginx answers is asked all the same', () => {
  expect(Object.keys(treeOf(documented)['keep_136'] ?? {})).not.toContain(
    '/usr/libexec/keepalived/haup-check-nginx',
  );
  const resources = resourcesOf(documented);
  expect(resources.flatMap((one) => (one.kind === 'user' ? [one.name] : []))).toEqual(['nginx']);
  expect(resources.flatMap((one) => (one.kind === 'package' && one.for === 'run' ? one.names : []))).toEqual([
    'iproute2',
    'curl',
  ]);
});

test('a switched-off health check wants what asks, too', () => {
  const unchecked = resourcesOf(pair('vrrp: { check: { enabled: false } }'));
  expect(unchecked.flatMap((one) => (one.kind === 'package' && one.for === 'run' ? one.names : []))).toEqual([
    'iproute2',
    'curl',
    'nftables',
  ]);
});

test('the parser of this test sees a difference', () => {
  expect(parseKeepalived(keep136.replace('priority 80', 'priority 81'))).not.toEqual(
    parseKeepalived(keep136),
  );
  expect(parseKeepalived(keep136.replace('priority 80', 'priority 80\n nopreempt'))).not.toEqual(
    parseKeepalived(keep136),
  );
  expect(() => parseKeepalived(`${keep136}}`)).toThrow('without');
});
