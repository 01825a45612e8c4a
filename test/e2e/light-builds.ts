/** Options for builds that serve as those of the example do, and take a third of the time: not optimised, with little else. */

export const lightKeepalived: readonly string[] = ['--enable-optimise=0'];

const spared = [
  'charset',
  'gzip',
  'ssi',
  'userid',
  'access',
  'auth_basic',
  'mirror',
  'autoindex',
  'geo',
  'map',
  'split_clients',
  'referer',
  'fastcgi',
  'uwsgi',
  'scgi',
  'grpc',
  'memcached',
  'limit_conn',
  'limit_req',
  'empty_gif',
  'browser',
  'upstream_hash',
  'upstream_ip_hash',
  'upstream_least_conn',
  'upstream_random',
  'upstream_keepalive',
  'upstream_zone',
];

export const lightNginx: readonly string[] = [
  '--with-cc-opt=-O0',
  ...spared.map((name) => `--without-http_${name}_module`),
];
