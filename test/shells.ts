/** The shells that hosts have for /bin/sh: name, program and its arguments. */
const every: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ['dash', 'dash', []],
  ['bash', 'bash', ['--norc', '--posix']],
  ['busybox sh', 'busybox', ['sh']],
];

/** Those that tests of behaviour run: all of them in `npm test -- all`. Every script is read by each in any case. */
export const shells: typeof every = process.env['HAUP_TEST_ALL'] === '1' ? every : every.slice(0, 1);
