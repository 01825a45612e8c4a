// What both commands of the README need before anything else: the right Node, the dependencies, the build.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command with its output on the terminal; ends this process when it fails. */
export function run(command, args, { env = process.env, tolerate = false } = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (error) throw error;
  if (status !== 0 && !tolerate) {
    console.error(`\n${command} ${args.join(' ')} ended with ${signal ?? `status ${status}`}.`);
    process.exit(status ?? 1);
  }
  return status ?? 1;
}

export function setup() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`haup needs Node 20.19 or newer; this is ${process.versions.node}.`);
    process.exit(2);
  }
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules/.package-lock.json');
  // Through a link npm would empty what belongs to another checkout.
  const linked = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (!linked && (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs)) {
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  run('npm', ['run', '--silent', 'build']);
}
