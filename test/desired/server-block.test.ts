import { describe, expect, test } from 'vitest';
import { including, serverStarts } from '../../src/desired/server-block.ts';

const withInclude = (text: string): string => including(text, serverStarts(text), 'X');

describe('a server block gets the include at its head', () => {
  test.each([
    ['server { listen 80; }', 'server {\n    include X; listen 80; }'],
    ['server{}', 'server{\n    include X;}'],
    ['server\n{\n}', 'server\n{\n    include X;\n}'],
    ['# server {\nserver {}', '# server {\nserver {\n    include X;}'],
    ['server # why\n{}', 'server # why\n{\n    include X;}'],
    ['server #\n{}', 'server #\n{\n    include X;}'],
    ['server {}\nserver {}', 'server {\n    include X;}\nserver {\n    include X;}'],
    [
      'map $a $b { default "server {"; }\nserver {}',
      'map $a $b { default "server {"; }\nserver {\n    include X;}',
    ],
    ["map $a $b { default '}'; }\nserver {}", "map $a $b { default '}'; }\nserver {\n    include X;}"],
    ['upstream server { server 10.0.0.1; }', 'upstream server { server 10.0.0.1; }'],
    [
      'server { location ~ "a{2}" { return 200 "}"; } }\nserver {}',
      'server {\n    include X; location ~ "a{2}" { return 200 "}"; } }\nserver {\n    include X;}',
    ],
    [
      'server { set $x "${host}"; return 301 https://${host}/; }\nserver {}',
      'server {\n    include X; set $x "${host}"; return 301 https://${host}/; }\nserver {\n    include X;}',
    ],
    [
      'server { set $a b#c; }\nserver {}',
      'server {\n    include X; set $a b#c; }\nserver {\n    include X;}',
    ],
    [
      'server # {\n{ set $a b"c; set $d e"f; }\nserver {}',
      'server # {\n{\n    include X; set $a b"c; set $d e"f; }\nserver {\n    include X;}',
    ],
    [
      'server { set $a \\{; }\nserver {}',
      'server {\n    include X; set $a \\{; }\nserver {\n    include X;}',
    ],
    ['log_format x "a\\"{";\nserver {}', 'log_format x "a\\"{";\nserver {\n    include X;}'],
  ])('%j', (text, expected) => {
    expect(withInclude(text)).toBe(expected);
  });
});

test('what is the inside of a server has no server block', () => {
  expect(serverStarts('location / { return 200; }\nserver_name a;')).toEqual([]);
});
