/** The shells that hosts have for /bin/sh: name, program and its arguments. */
export const shells: readonly (readonly [name: string, program: string, args: readonly string[]])[] = [
  ['dash', 'dash', []],
  ['bash', 'bash', ['--norc', '--posix']],
  ['busybox sh', 'busybox', ['sh']],
];
