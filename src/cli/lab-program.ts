import type { Command } from 'commander';
import { labFaults } from '../lab/names.ts';
import type { Context } from '../app/command-context.ts';

/** commander passes the arguments that were declared: `never` fits each of their types. */
type LabRun = (
  context: Context,
  args: readonly [never, never],
  options: Record<string, never>,
) => Promise<number>;

const json = (command: Command): Command => command.option('--json', 'print JSON');

/** The commands of `haup lab`. */
export function declareLab(lab: Command, bind: (command: Command, run: LabRun) => void): void {
  // Options behind the command of exec and ssh belong to that command.
  lab.enablePositionalOptions();
  lab.addHelpCommand(
    lab.createCommand('help').argument('[command]').description('Show how to use a command.'),
  );
  const add = (name: string, summary: string): Command =>
    lab
      .command(name)
      .description(summary)
      .exitOverride()
      .configureHelp(lab.configureHelp())
      .option('--name <lab>', 'name of the lab (default: $HAUP_LAB or haup)')
      .option('--debug', 'show stack traces')
      .addOption(
        lab
          .createOption('--color <when>', 'when to use colour')
          .choices(['auto', 'always', 'never'])
          .default('auto'),
      )
      .option('--no-color', 'same as --color never');

  bind(
    json(add('up', 'Start a real host on this machine for each host of the inventory.'))
      .argument('[inventory]', 'inventory file (default: the example that comes with haup)')
      .option('-y, --yes', 'install missing Debian packages without asking')
      .option(
        '--flavour <[host=]apt|yum>',
        'package manager of all hosts or of one; repeatable (default: unchanged, or apt)',
        (word: string, before: readonly string[] | undefined) => [...(before ?? []), word],
      )
      .option('--from <saved>', 'start the hosts from disks saved with haup lab save')
      .option('--for-pid <pid>', 'take the lab down when this process ends'),
    async (context, [path], options) => (await import('./lab-command.ts')).labUp(context, path, options),
  );
  bind(
    json(add('down', 'Remove a lab. Its cached image stays.'))
      .option('--all', 'every lab on this machine')
      .option('--purge', 'also remove the cached image, packages, tarballs and saved labs'),
    async (context, _args, options) => (await import('./lab-command.ts')).labDown(context, options),
  );
  bind(
    json(add('save', 'Save the disks of a lab, for haup lab up --from NAME.'))
      .argument('<saved>', 'name to save them under')
      .addHelpText('after', '\nRunning hosts lose power for a moment.'),
    async (context, [saved], options) => (await import('./lab-command.ts')).labSave(context, saved, options),
  );
  bind(
    json(add('status', 'Show which hosts are on and which cables are plugged in.')).addHelpText(
      'after',
      '\nExit code: 0 every host is on, 3 a host is off, 2 no such lab.',
    ),
    async (context, _args, options) => (await import('./lab-command.ts')).labStatus(context, options),
  );
  bind(
    add('exec', "Run a command in a lab's network, as in haup lab exec -- haup apply.")
      .argument('<command...>', 'the command and its arguments')
      .passThroughOptions(),
    async (context, [command], options) =>
      (await import('./lab-command.ts')).labExec(context, command, options),
  );
  bind(
    add('ssh', 'Log in to a host as root, or run a command on it.')
      .argument('<host>', 'name of the host')
      .argument('[command...]', 'command to run instead of a shell')
      .passThroughOptions(),
    async (context, [host, command], options) =>
      (await import('./lab-command.ts')).labSsh(context, host, command, options),
  );
  bind(
    json(add('fault', 'Unplug a host or cut its power, and restore it.'))
      .argument('<host>', 'name of the host')
      .addArgument(lab.createArgument('<fault>', 'what to do to it').choices(labFaults)),
    async (context, [host, what], options) =>
      (await import('./lab-command.ts')).labFault(context, host, what, options),
  );
}
