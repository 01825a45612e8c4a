import type { Command } from 'commander';
import { labFaults } from '../lab/names.ts';
import type { Context } from '../app/command-context.ts';

/** commander gives each body the arguments that its declaration says: `never` fits each of their types. */
type LabRun = (
  context: Context,
  args: readonly [never, never],
  options: Record<string, never>,
) => Promise<number>;

const json = (command: Command): Command => command.option('--json', 'one JSON document on stdout');

/** The commands below `haup lab`; `bind` is the program's own. */
export function declareLab(lab: Command, bind: (command: Command, run: LabRun) => void): void {
  // So that options after the command of exec and ssh are the command's.
  lab.enablePositionalOptions();
  const add = (name: string, summary: string): Command =>
    lab
      .command(name)
      .description(summary)
      .exitOverride()
      .configureHelp(lab.configureHelp())
      .option('--name <lab>', 'which lab (default: $HAUP_LAB, else haup)')
      .option('--debug', 'stack traces')
      .addOption(
        lab.createOption('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'),
      )
      .option('--no-color', 'the same as --color never');

  bind(
    json(add('up', 'Make real hosts on this machine, one for each host of the inventory.'))
      .argument('[inventory]', 'inventory file (default: the example that comes with haup)')
      .option('-y, --yes', 'install missing Debian packages without a question')
      .option(
        '--flavour <[host=]apt|yum>',
        'package manager of all hosts, or of one; repeatable (default: as they are, else apt)',
        (word: string, before: readonly string[] | undefined) => [...(before ?? []), word],
      )
      .option('--from <saved>', 'hosts begin with the disks that haup lab save has kept under this name')
      .option('--for-pid <pid>', 'take the lab down when this process ends, however it ends'),
    async (context, [path], options) => (await import('./lab-command.ts')).labUp(context, path, options),
  );
  bind(
    json(add('down', 'Remove every trace of a lab; the cached image stays.'))
      .option('--all', 'every lab of this machine')
      .option('--purge', 'remove the cached image, packages, tarballs and saved labs too'),
    async (context, _args, options) => (await import('./lab-command.ts')).labDown(context, options),
  );
  bind(
    json(
      add('save', 'Keep the disks of a lab under a name: haup lab up --from NAME makes new labs from them.'),
    )
      .argument('<saved>', 'the name')
      .addHelpText('after', '\nHosts that are on lose their power for a moment.'),
    async (context, [saved], options) => (await import('./lab-command.ts')).labSave(context, saved, options),
  );
  bind(
    json(add('status', 'Which hosts are on, and how their cables are.')).addHelpText(
      'after',
      '\nExit code: 0 every host is on, 3 one is off, 2 there is no such lab.',
    ),
    async (context, _args, options) => (await import('./lab-command.ts')).labStatus(context, options),
  );
  bind(
    add('exec', "Run a command inside a lab's network: haup lab exec -- haup apply.")
      .argument('<command...>', 'the command and its arguments')
      .passThroughOptions(),
    async (context, [command], options) =>
      (await import('./lab-command.ts')).labExec(context, command, options),
  );
  bind(
    add('ssh', 'Log in to a host as root, or run one command there.')
      .argument('<host>', 'name of the host')
      .argument('[command...]', 'a command in place of a shell')
      .passThroughOptions(),
    async (context, [host, command], options) =>
      (await import('./lab-command.ts')).labSsh(context, host, command, options),
  );
  bind(
    json(add('fault', 'Pull the cable or cut the power of a host, and mend it.'))
      .argument('<host>', 'name of the host')
      .addArgument(lab.createArgument('<fault>', 'what happens to it').choices(labFaults)),
    async (context, [host, what], options) =>
      (await import('./lab-command.ts')).labFault(context, host, what, options),
  );
}
