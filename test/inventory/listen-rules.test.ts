import { describe, expect, test } from 'vitest';
import { least, problems, read } from './reading.ts';

/** What is wrong with these sites, when the file of one has this text. */
const wrong = (sites: string, text = ''): string[] =>
  problems(least(`nginx: {${sites}}`), { readText: () => text });
const accepted = (sites: string, text = ''): boolean =>
  read(least(`nginx: {${sites}}`), { readText: () => text }).nginx.sites.length > 0;
const own = 'sites: [{name: own, file: own.conf}]';

describe('where nginx will listen, including site files', () => {
  test.each([
    ['server { listen 80; }'],
    ['server { listen 192.0.2.5:80; listen 80; }'],
    ['server { include listens.conf; }'],
    ['# listen 10.0.0.9:80;\nserver { listen 80; set $x "listen 10.0.0.9:80;"; }'],
    ['location / { return 204; }'],
  ])('%j is fine', (text) => expect(accepted(own, text)).toBe(true));

  test.each([
    ['server { listen 10.0.0.9:80; }', 'it has "listen 10.0.0.9:80", and 10.0.0.9 is a VIP'],
    [
      'server { listen 80;\n listen\n10.0.0.9:443 ssl; }',
      'it has "listen 10.0.0.9:443 ssl", and 10.0.0.9 is a VIP',
    ],
    [
      'server { listen 10.0.0.2:80; listen 80; }',
      'it has "listen 10.0.0.2:80", and 10.0.0.2 is the address of b',
    ],
    ['listen 10.0.0.9:81;', 'it has "listen 10.0.0.9:81", and 10.0.0.9 is a VIP'],
    ['server { listen 488; }', 'the site own listens on port 488, which'],
    ['server { listen 480-490; }', 'the site own listens on port 488, which'],
    ['server { listen [::]:80; }', 'no site listens on 10.0.0.9'],
    ['server { listen 127.0.0.1:80; }', 'no site listens on 10.0.0.9'],
    [
      'stream { server { listen 6443; proxy_pass a:1; } }',
      'it has a stream block, but haup includes the file inside http',
    ],
  ])('%j is not', (text, message) => {
    const [first = '', ...others] = wrong(own, text);
    expect(first).toContain(message);
    expect(others).toEqual([]);
  });

  test('a stream site needs its own port', () => {
    const api = '{name: api, listen: [80], stream: ["10.0.0.5:80"]}';
    expect(wrong(`sites: [{name: page}, ${api}]`).join()).toContain(
      'the sites page and api both listen on port 80',
    );
    expect(accepted(`sites: [{name: page}, ${api.replace('[80]', '[81]')}]`)).toBe(true);
  });

  test('an upstream of a stream needs a port', () => {
    expect(wrong('sites: [{name: api, listen: [81], stream: [10.0.0.5]}]').join()).toContain('stream[0]');
  });

  test('health_port can be any port that no site uses', () => {
    expect(accepted('health_port: 8080')).toBe(true);
    expect(wrong('health_port: 80').join()).toContain('the site default listens on port 80');
  });
});
