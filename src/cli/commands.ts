/** The command line: every command with its arguments and options, and how words become one of them. */

import { Argument, Command, CommanderError, Option } from 'commander';
import type { Context } from '../app/command-context.ts';
import type { GlobalOptions } from '../app/options.ts';
import { HaupError } from '../model/errors.ts';
import { faults } from '../model/fault.ts';
import { haupVersion } from './context.ts';
import { declareLab } from './lab-program.ts';
import { versionText } from './version-text.ts';

/** `--host` was the name of `--limit` on some commands, and scripts still use it. */
const limitOf = ({ host, ...options }: GlobalOptions & { readonly host?: string }): GlobalOptions =>
  host === undefined ? options : { ...options, limit: host };
const formerLimit = (): Option => new Option('--host <hosts>').hideHelp();

/** `help lab up` is `lab up --help`: commander's own help command looks one level deep. */
const helpOf = (argv: readonly string[]): string[] =>
  argv[2] === 'help' && argv.length > 4 ? [...argv.slice(0, 2), ...argv.slice(3), '--help'] : [...argv];

/** A shell variable that is not set leaves an option empty: without its value it would mean all, or this directory. */
function refuseEmpty(command: Command): void {
  const empty = command.options.find((option) => command.getOptionValue(option.attributeName()) === '');
  if (empty === undefined) return;
  throw new HaupError('USAGE', `${empty.long} is empty.`, {
    hint: 'Give it a value, or leave it out. A shell variable that is not set leaves it empty.',
  });
}

type Run = (
  context: Context,
  args: readonly (string | undefined)[],
  options: GlobalOptions & Record<string, never>,
  command: Command,
) => Promise<number>;
type Bind = (command: Command, run: Run) => void;

/** Runs a command in a context that it makes of the options. */
export type Perform = (options: GlobalOptions, run: (context: Context) => Promise<number>) => Promise<void>;

/** `shown` is help or a version; a command line that is `refused` has been answered on stderr. */
export type CommandLineEnd = 'performed' | 'shown' | { readonly refused: string };

/** Has the command that the words name performed; rejects with its error. Help and refusals are written to `said`. */
export async function parseCommandLine(
  proc: NodeJS.Process,
  perform: Perform,
  said: () => Pick<Context, 'out' | 'err'>,
): Promise<CommandLineEnd> {
  const program = declare(
    (command, run) => {
      command.action(async (...args: unknown[]) => {
        const self = args.pop() as Command;
        args.pop();
        refuseEmpty(self);
        const options = limitOf(self.optsWithGlobals<GlobalOptions & { readonly host?: string }>());
        await perform(options, (context) =>
          run(
            context,
            args as (string | undefined)[],
            options as GlobalOptions & Record<string, never>,
            self,
          ),
        );
      });
    },
    proc,
    said,
  );
  try {
    await program.parseAsync(helpOf(proc.argv));
    return 'performed';
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const shown = ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);
    return shown ? 'shown' : { refused: error.message.replace(/^error: /, '') };
  }
}

/** The whole command line as one table. Each command's code is imported when it runs, which keeps `--help` quick. */
function declare(
  bindAlone: Bind,
  proc: NodeJS.Process,
  said: Parameters<typeof parseCommandLine>[2],
): Command {
  // The others are declared to be listed: nothing asks for their options.
  const isAsked = (command: Command): boolean => proc.argv.includes(command.name());
  const bind = (command: Command, run: Run, json = 'print JSON'): void =>
    bindAlone(isAsked(command) ? common(command, json) : command, run);
  const events = 'print JSON, one event per line';
  const width = (): number => Math.min(proc.stdout.columns || 80, 100);
  const help = { showGlobalOptions: false };
  const program = new Command('haup')
    .description(
      'Runs nginx behind virtual IPs with keepalived: installs, configures and starts both over SSH from ' +
        'one inventory, moves virtual IPs without an outage, and proves that failover works.',
    )
    .version(versionText(haupVersion, proc), '-V, --version')
    .configureOutput({
      writeOut: (text) => said().out(text),
      writeErr: (text) => said().err(text),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      // No part of it is coloured.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .showHelpAfterError('(haup --help shows the commands; haup help COMMAND shows one)')
    .configureHelp({ ...help, subcommandTerm: (command) => command.name() })
    .addHelpText(
      'after',
      `
Start here, on one machine:
  $ haup lab up                          two real hosts in network namespaces
  $ haup lab exec -- haup apply --yes    build, install, configure, start
  $ haup lab exec -- haup verify         break it on purpose, measure, restore

On your own hosts:
  $ cp inventory.example.yaml inventory.yaml    then enter your hosts and VIPs
  $ haup plan                            what would change, and why
  $ haup apply && haup verify

Exit codes: 0 ok, 1 failed on a host, 2 usage or inventory, 3 findings or
            changes pending, 4 unreachable or refused (nothing changed),
            5 locked, 130 interrupted, 141 output closed by its reader`,
    );

  program.addHelpCommand(
    new Command('help').argument('[command...]').description('Show how to use a command.').helpGroup('Look:'),
  );

  const add = (name: string, summary: string, group: string): Command => {
    const command = program
      .command(name)
      .description(summary)
      .helpGroup(group)
      .exitOverride()
      .configureHelp(help);
    return command;
  };
  const inventoryArgument = (command: Command): Command =>
    command.argument(
      '[inventory]',
      'inventory file, - for stdin (default: $HAUP_INVENTORY or ./inventory.yaml)',
    );

  bind(
    inventoryArgument(add('plan', 'Show what apply would change on each host, and why.', 'Change hosts:'))
      .addOption(grace())
      .option('-o, --output <file>', 'also save the plan; haup apply FILE then makes exactly these changes')
      .addHelpText('after', '\nExit code: 0 nothing to do, 3 changes pending or findings.'),
    async (context, [path], options) => (await import('./plan-command.ts')).plan(context, path, options),
  );
  bind(
    inventoryArgument(
      add('apply', 'Install, configure and start what the inventory describes.', 'Change hosts:'),
    )
      .option('-y, --yes', 'change hosts without asking')
      .addOption(grace())
      .addOption(lockWait())
      .option('-n, --dry-run', 'show the plan and exit')
      .option('--allow-downgrade', 'allow installing a lower version')
      .option('--take-over', 'replace VIPs, sites and daemons that haup did not install')
      .option('--no-cached-builds', 'build again instead of using builds cached on this machine'),
    async (context, [path], options) => (await import('../app/apply.ts')).apply(context, path, options),
    events,
  );
  const hostAndInventory = (command: Command): Command =>
    command
      .argument('[host]', 'name of a host in the inventory (default: all)')
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY or ./inventory.yaml)');
  bind(
    hostAndInventory(add('history', 'List the states that each host has saved, one per change.', 'Look:')),
    async (context, args, options) => (await import('./history-command.ts')).history(context, args, options),
  );
  bind(
    hostAndInventory(
      add('rollback', 'Restore files, units and programs from before a change.', 'Change hosts:'),
    )
      .option('--to <state>', 'state number from haup history (default: before the last change)')
      .option('-y, --yes', 'change hosts without asking')
      .option('-n, --dry-run', 'show the plan and exit')
      .addOption(grace())
      .addOption(lockWait()),
    async (context, args, options) =>
      (await import('./rollback-command.ts')).rollback(context, args, options),
    events,
  );
  bind(
    inventoryArgument(add('render', 'Print the files that apply would install; contacts no host.', 'Look:'))
      .option('-o, --output <dir>', 'write the files to this directory instead')
      .addOption(formerLimit()),
    async (context, [path], options) => (await import('./render-command.ts')).render(context, path, options),
  );
  bind(
    inventoryArgument(
      add('status', 'Show who holds each virtual IP, and the health of every host.', 'Look:'),
    ).option('--watch', 'keep running and show every change; with --json, one event per line'),
    async (context, [path], options) => (await import('./status-command.ts')).status(context, path, options),
  );
  bind(
    inventoryArgument(add('verify', 'Break each holder, measure the outage, restore.', 'Prove and move:'))
      .option('-y, --yes', 'run the drills without asking')
      .addOption(lockWait())
      .option('--vip <address>', 'only this virtual IP')
      .addOption(
        new Option(
          '--drill <names>',
          `what to break, comma-separated, or all that the inventory allows (default: stop). ${Object.entries(
            faults,
          )
            .map(([name, words]) => `${name}: ${words}`)
            .join('; ')}`,
        ).argParser(listOf),
      )
      .option('--count <n>', 'run each drill n times; report median, worst and spread (default: 1)')
      .option('--hold <seconds>', 'keep each fault for at least this long (default: until the VIP has moved)')
      .option('--rate <n>', 'send n requests a second to each virtual IP, 20 to 1000')
      .option('--connections <n>', 'hold n connections of each kind open; 0 for none')
      .addOption(grace())
      .option('--report <file>', 'write a self-contained HTML report')
      .option('--junit <file>', 'write the results as JUnit XML')
      .option('--compare', 'compare with earlier runs; a worse outage is a finding')
      .option('--samples', 'with --json, include every request'),
    async (context, [path], options) => (await import('./verify-command.ts')).verify(context, path, options),
  );
  bind(
    add('rehearse', 'Apply and drill the inventory in a lab, away from its real hosts.', 'Try it:')
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY or ./inventory.yaml)')
      .option('-y, --yes', 'install missing Debian packages without asking')
      .option('--drill <names>', 'what to break, comma-separated (default: all but vrrp-block)', listOf)
      .option('--flavour <[host=]apt|yum>', 'package manager of all hosts or of one; repeatable', repeated)
      .option('--report <file>', 'write a self-contained HTML report')
      .option('--junit <file>', 'write the results as JUnit XML')
      .addHelpText(
        'after',
        '\nMakes the hosts as haup lab up does, with the names, addresses, VIPs, sites and\ntimers of the inventory, and removes them at the end. The real hosts are\nonly read, to show what differs.',
      ),
    async (context, [path], options) =>
      (await import('./rehearse-command.ts')).rehearse(context, path, options),
  );
  for (const [name, summary] of [
    ['failover', 'Move every virtual IP off a host without an outage.'],
    ['failback', 'Return a host to service, with its virtual IPs.'],
  ] as const) {
    const command = add(name, summary, 'Prove and move:')
      .argument('<host>', 'name of a host in the inventory')
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY or ./inventory.yaml)')
      .option('-y, --yes', 'do not ask')
      .addOption(grace())
      .addOption(lockWait());
    if (name === 'failover') {
      command
        .addOption(
          new Option('--mode <mode>', 'drain: the backup takes over first; stop: stop keepalived')
            .choices(['drain', 'stop'])
            .default('drain'),
        )
        .option('--force', 'go on even without a healthy backup');
    }
    bind(command, async (context, [host, path], options) =>
      (await import('./failover-command.ts'))[name](context, host ?? '', path, options),
    );
  }
  bind(
    add('service', 'Start, stop, restart or reload keepalived or nginx.', 'Change hosts:')
      .addArgument(new Argument('<verb>', 'action').choices(['start', 'stop', 'restart', 'reload']))
      .addArgument(new Argument('<service>', 'daemon').choices(['keepalived', 'nginx']))
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY or ./inventory.yaml)')
      .addOption(formerLimit())
      .option('--now', 'neither drain hosts first nor wait until they serve again')
      .addOption(grace())
      .option('-y, --yes', 'do not ask')
      .addOption(lockWait()),
    async (context, [verb, service, path], options) =>
      (await import('../app/control-service.ts')).controlService(
        context,
        { verb, service } as never,
        path,
        options,
      ),
    events,
  );
  bind(
    inventoryArgument(add('uninstall', 'Remove everything haup installed.', 'Change hosts:'))
      .addOption(formerLimit())
      .option('--packages', 'also remove packages that haup installed')
      .addOption(grace())
      .option('-y, --yes', 'do not ask')
      .addOption(lockWait()),
    async (context, [path], options) =>
      (await import('../app/uninstall.ts')).uninstall(context, path, options),
    events,
  );
  declareLab(
    program
      .command('lab')
      .description('Run real hosts in network namespaces on this machine.')
      .helpGroup('Try it:')
      .exitOverride()
      .configureHelp(help),
    bindAlone as never,
  );
  bind(
    inventoryArgument(
      add('unlock', 'Show who holds the host locks, and break them.', 'Change hosts:'),
    ).option('-y, --yes', 'do not ask'),
    async (context, [path], options) => (await import('./unlock-command.ts')).unlock(context, path, options),
  );
  return program;
}

const listOf = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  ...text.split(','),
];
const repeated = (word: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  word,
];

const grace = (): Option =>
  new Option(
    '--grace <seconds>',
    'keep open connections this long when a virtual IP moves; 0 drops them (default: from the inventory, or 60)',
  );

const lockWait = (): Option =>
  new Option('--lock-wait <seconds>', 'wait for another haup that is changing the hosts').default('0');

/** The options that every command takes, listed below its own. */
function common(command: Command, json: string): Command {
  const options = [
    new Option('--json', json),
    new Option('-v, --verbose', 'show more detail'),
    new Option('--debug', 'show stack traces and the SSH conversation on stderr'),
    new Option('--limit <hosts>', 'only these hosts, comma-separated'),
    new Option('--strict-host-key <policy>', 'unknown host keys: accept-new records them, yes refuses them')
      .choices(['accept-new', 'yes'])
      .default('accept-new'),
    new Option('--connect-timeout <seconds>', 'limit for each connection').default('15'),
    new Option('--color <when>', 'when to use colour').choices(['auto', 'always', 'never']).default('auto'),
    new Option('--no-color', 'same as --color never'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Common options:'));
  return command;
}
