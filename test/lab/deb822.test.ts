import { expect, test } from 'vitest';
import { deb822 } from '../../src/lab/deb822.ts';

test('stanzas, continued lines and comments; names in any case', () => {
  const text = `Package: gcc
# a comment
Description: GNU C compiler
 long text
 .
 more
DEPENDS: cpp (= 4:12.2.0-3),
 gcc-12
 \t

Package: make


`;
  expect(deb822(text).map((stanza) => Object.fromEntries(stanza))).toEqual([
    {
      package: 'gcc',
      description: 'GNU C compiler\n long text\n .\n more',
      depends: 'cpp (= 4:12.2.0-3),\n gcc-12',
    },
    { package: 'make' },
  ]);
});

test('empty text has no stanza', () => {
  expect(deb822('')).toEqual([]);
  expect(deb822('\n\n# only a comment\n')).toEqual([]);
});
