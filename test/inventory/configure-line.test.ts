import { expect, test } from 'vitest';
import { configureOptions } from '../../src/inventory/configure-line.ts';
import { least, read } from './reading.ts';

/** As `nginx -V` prints them: nginx.org's own package, Debian's, and one of RHEL, shortened. */
const published: readonly (readonly [string, number, string])[] = [
  [
    "configure arguments: --sbin-path=/usr/sbin/nginx --with-compat --with-http_v2_module --with-cc-opt='-g -O2 -fdebug-prefix-map=/data/builder/debuild/nginx-1.20.1/debian/debuild-base/nginx-1.20.1=. -fstack-protector-strong -Wformat -Werror=format-security -Wp,-D_FORTIFY_SOURCE=2 -fPIC' --with-ld-opt='-Wl,-z,relro -Wl,-z,now -Wl,--as-needed -pie'",
    5,
    '--with-ld-opt=-Wl,-z,relro -Wl,-z,now -Wl,--as-needed -pie',
  ],
  [
    "--with-cc-opt='-g -O2 -ffile-prefix-map=/build/nginx-1.22.1=. -fdebug-prefix-map=/build/nginx-1.22.1=/usr/src/nginx-1.22.1-9~bpo11+1 -fPIC' --with-debug",
    2,
    '--with-debug',
  ],
  [
    './configure --with-ipv6 \\\n  --with-cc-opt="-O2 -specs=/usr/lib/rpm/redhat/redhat-hardened-cc1 -m64" \\\n  \'--with-ld-opt=-Wl,-E\'',
    3,
    '--with-ld-opt=-Wl,-E',
  ],
];

test.each(published)('the line of a published build: %s', (line, count, last) => {
  const { options, wrong } = configureOptions(line);
  expect(wrong).toEqual([]);
  expect(options).toHaveLength(count);
  expect(options.at(-1)).toBe(last);
});

test.each([
  ['["--with-cc-opt=\'-O2 -g\'"]', ['--with-cc-opt=-O2 -g']],
  ['["--with-cc-opt=-O2 -g"]', ['--with-cc-opt=-O2 -g']],
  [
    '["--with-cc-opt=\'-O2 -g\' --with-debug", --with-threads]',
    ['--with-cc-opt=-O2 -g', '--with-debug', '--with-threads'],
  ],
  ['"--with-cc-opt=\'-O2 -g\' --with-http_ssl_module"', ['--with-cc-opt=-O2 -g', '--with-http_ssl_module']],
  ['""', []],
])('%s', (written, options) => {
  expect(read(least(`nginx: {configure: ${written}}\n`)).nginx.configure).toEqual(options);
});
