import { expect, test } from 'vitest';
import { pair, treeOf } from './hosts.ts';

/** What nginx.conf says about connections that are open at a reload. */
function reloading(nginx: string): readonly string[] {
  const tree = treeOf(pair(`nginx: ${nginx}`))['keep_136'] ?? {};
  const [, text = ''] = Object.entries(tree).find(([path]) => path.endsWith('/nginx.conf')) ?? [];
  return text.match(/(worker_shutdown_timeout|keepalive_min_timeout) [^;]+/g) ?? [];
}

test.each([
  ['{ version: 1.26.3 }', ['worker_shutdown_timeout 600s']],
  ['{ version: 1.26.3, shutdown_timeout: 30 }', ['worker_shutdown_timeout 30s']],
  ['{ version: 1.28.0 }', ['worker_shutdown_timeout 600s', 'keepalive_min_timeout 3s']],
  // Which version a package brings is not known.
  ['{ version: 1.28.0, from: package }', ['worker_shutdown_timeout 600s']],
])('connections that are open at a reload of nginx %s', (nginx, expected) => {
  expect(reloading(nginx)).toEqual(expected);
});
