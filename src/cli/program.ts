import { Argument, Command, CommanderError, Option } from 'commander';
import { createRequire } from 'node:module';
import type { GlobalOptions } from '../app/options.ts';
import { exitCodes } from '../model/errors.ts';
import type { Context } from '../app/command-context.ts';
import { makeContext, writerTo } from './context.ts';
import { declareLab } from './lab-program.ts';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Runs one command line; resolves to the exit code. The only place where an error becomes text. */
export async function main(proc: NodeJS.Process): Promise<number> {
  let options: Partial<GlobalOptions> = {};
  let context: Context | null = null;
  let exit = 0;
  const program = declare((command, run) => {
    command.action(async (...args: unknown[]) => {
      const self = args.pop() as Command;
      args.pop();
      options = self.optsWithGlobals<GlobalOptions>();
      context = makeContext(proc, colorWish(options));
      exit = await run(
        context,
        args as (string | undefined)[],
        options as GlobalOptions & Record<string, never>,
        self,
      );
    });
  }, proc);
  try {
    await program.parseAsync(helpOf(proc.argv));
    const unread = (context as Context | null)?.isRead() === false;
    return unread && exit === exitCodes.ok ? exitCodes.interrupted : exit;
  } catch (error) {
    if (error instanceof CommanderError) {
      const shown = ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);
      return shown ? exitCodes.ok : exitCodes.usage;
    }
    const where = context ?? makeContext(proc, colorWish(options));
    const { reportError } = await import('./report-error.ts');
    return reportError(where, error, { json: options.json === true, debug: options.debug === true, version });
  }
}

/** `help lab up` is `lab up --help`: commander's own help command looks one level deep. */
const helpOf = (argv: readonly string[]): string[] =>
  argv[2] === 'help' && argv.length > 4 ? [...argv.slice(0, 2), ...argv.slice(3), '--help'] : [...argv];

const colorWish = (options: Partial<GlobalOptions>): { readonly flag: 'auto' | 'always' | 'never' } => ({
  flag: options.color === false ? 'never' : (options.color ?? 'auto'),
});

type Run = (
  context: Context,
  args: readonly (string | undefined)[],
  options: GlobalOptions & Record<string, never>,
  command: Command,
) => Promise<number>;
type Bind = (command: Command, run: Run) => void;

/** The whole command line in one table. Bodies are imported when they run, so that `--help` stays quick. */
function declare(bind: Bind, proc: NodeJS.Process): Command {
  const program = new Command('haup')
    .description(
      'Keeps nginx up with keepalived: from one inventory it builds, configures and starts both over SSH, ' +
        'moves virtual IPs without an outage, and proves that failover works.',
    )
    .version(`haup ${version} (node ${proc.versions.node}, ${proc.platform} ${proc.arch})`, '-V, --version')
    .configureOutput({ writeOut: writerTo(proc.stdout, false), writeErr: writerTo(proc.stderr, false) })
    .exitOverride()
    .showHelpAfterError('(haup --help shows the commands; haup help COMMAND shows one)')
    .configureHelp({
      showGlobalOptions: false,
      helpWidth: Math.min(proc.stdout.columns || 80, 100),
      subcommandTerm: (command) => command.name(),
    })
    .addHelpText(
      'after',
      `
Start here, on one machine:
  $ haup lab up                          two real hosts in network namespaces
  $ haup lab exec -- haup apply --yes    build, install, configure, start
  $ haup lab exec -- haup verify         break it on purpose, measure, restore

On your own hosts:
  $ cp inventory.example.yaml inventory.yaml with your hosts and VIPs
  $ haup plan                            what would change, and why
  $ haup apply && haup verify

Exit codes: 0 ok, 1 failed on a host, 2 usage or inventory, 3 findings or
            changes pending, 4 unreachable or refused (nothing changed),
            5 locked, 130 interrupted, 141 nobody read the output`,
    );

  program.addHelpCommand(
    new Command('help').argument('[command...]').description('How to use one command.').helpGroup('Look:'),
  );

  const add = (name: string, summary: string, group: string): Command => {
    const command = program
      .command(name)
      .description(summary)
      .helpGroup(group)
      .exitOverride()
      .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(proc.stdout.columns || 80, 100) });
    return shared(command);
  };
  const inventoryArgument = (command: Command): Command =>
    command.argument(
      '[inventory]',
      'inventory file, - for stdin (default: $HAUP_INVENTORY, else ./inventory.yaml)',
    );

  bind(
    inventoryArgument(add('plan', 'Show what apply would change on each host, and why.', 'Change hosts:'))
      .option('-o, --output <file>', 'save the plan too: haup apply FILE runs exactly this plan or stops')
      .addHelpText('after', '\nExit code: 0 nothing to do, 3 changes pending.'),
    async (context, [path], options) => (await import('./plan-command.ts')).plan(context, path, options),
  );
  bind(
    inventoryArgument(add('apply', 'Install, configure and start what the inventory says.', 'Change hosts:'))
      .option('-y, --yes', 'do not ask before changing hosts')
      .addOption(lockWait())
      .option('-n, --dry-run', 'show the plan and stop')
      .option('--allow-downgrade', 'also replace a version by a lower one')
      .option('--take-over', 'also end the VIPs, sites and daemons of somebody else that the plan names')
      .option('--no-cached-builds', 'build anew in place of using builds that this machine keeps'),
    async (context, [path], options) => (await import('./apply-command.ts')).apply(context, path, options),
  );
  const hostAndInventory = (command: Command): Command =>
    command
      .argument('[host]', 'name of a host in the inventory (default: all)')
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY, else ./inventory.yaml)');
  bind(
    hostAndInventory(
      add('history', 'The states that hosts keep, one before each change, with who, when and why.', 'Look:'),
    ),
    async (context, args, options) => (await import('./history-command.ts')).history(context, args, options),
  );
  bind(
    hostAndInventory(
      add('rollback', 'Bring back a state from before a change: files, units and programs.', 'Change hosts:'),
    )
      .option('--to <state>', 'number of a state, as haup history shows it (default: before the last change)')
      .option('-y, --yes', 'do not ask before changing hosts')
      .option('-n, --dry-run', 'show the plan and stop')
      .addOption(lockWait()),
    async (context, args, options) =>
      (await import('./rollback-command.ts')).rollback(context, args, options),
  );
  bind(
    inventoryArgument(add('render', 'Write the configuration files that apply would push, offline.', 'Look:'))
      .option('-o, --output <dir>', 'write a tree of files here in place of printing them')
      .option('--host <host>', 'only this host'),
    async (context, [path], options) => (await import('./render-command.ts')).render(context, path, options),
  );
  bind(
    inventoryArgument(add('status', 'Who holds each virtual IP, and how every host is.', 'Look:')),
    async (context, [path], options) => (await import('./status-command.ts')).status(context, path, options),
  );
  bind(
    inventoryArgument(
      add(
        'verify',
        'Stop keepalived on each holder, measure the outage, restore, and judge.',
        'Prove and move:',
      ),
    )
      .option('-y, --yes', 'do not ask before the drills')
      .addOption(lockWait())
      .option('--vip <address>', 'only this virtual IP')
      .addOption(
        new Option('--drill <drills...>', 'stop: stop keepalived; drain: lower the priority of the holder')
          .choices(['stop', 'drain'])
          .default(['stop'], 'stop'),
      ),
    async (context, [path], options) => (await import('./verify-command.ts')).verify(context, path, options),
  );
  for (const [name, summary] of [
    ['failover', 'Move every virtual IP off HOST without an outage.'],
    ['failback', 'Let HOST take its virtual IPs again.'],
  ] as const) {
    const command = add(name, summary, 'Prove and move:')
      .argument('<host>', 'name of the host in the inventory')
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY, else ./inventory.yaml)')
      .option('-y, --yes', 'do not ask')
      .option('--grace <seconds>', 'let open connections live on for so long, 0 for not at all', '60')
      .addOption(lockWait());
    if (name === 'failover') {
      command
        .addOption(
          new Option('--mode <mode>', 'drain: the backup takes over first; stop: stop keepalived')
            .choices(['drain', 'stop'])
            .default('drain'),
        )
        .option('--force', 'go on although no healthy backup exists');
    }
    bind(command, async (context, [host, path], options) =>
      (await import('./failover-command.ts'))[name](context, host ?? '', path, options),
    );
  }
  bind(
    add('service', 'Start, stop, restart or reload keepalived or nginx.', 'Change hosts:')
      .addArgument(new Argument('<verb>', 'what to do').choices(['start', 'stop', 'restart', 'reload']))
      .addArgument(new Argument('<service>', 'which').choices(['keepalived', 'nginx']))
      .argument('[inventory]', 'inventory file (default: $HAUP_INVENTORY, else ./inventory.yaml)')
      .option('--host <host>', 'only this host')
      .option('--now', 'without draining hosts, and without waiting until they serve again')
      .option('-y, --yes', 'do not ask')
      .addOption(lockWait()),
    async (context, [verb, service, path], options) =>
      (await import('./service-command.ts')).service(context, { verb, service } as never, path, options),
  );
  bind(
    inventoryArgument(add('uninstall', 'Take away from the hosts all that haup put there.', 'Change hosts:'))
      .option('--host <host>', 'only from this host; the others of its cluster take over')
      .option('--packages', 'also the packages that haup installed')
      .option('-y, --yes', 'do not ask')
      .addOption(lockWait()),
    async (context, [path], options) =>
      (await import('./uninstall-command.ts')).uninstall(context, path, options),
  );
  declareLab(
    program
      .command('lab')
      .description('Real hosts in network namespaces on this machine, to try everything on.')
      .helpGroup('Try it:')
      .exitOverride()
      .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(proc.stdout.columns || 80, 100) }),
    bind as never,
  );
  bind(
    inventoryArgument(
      add('unlock', 'Say who has the locks of the hosts, and take them away.', 'Change hosts:'),
    ).option('-y, --yes', 'do not ask'),
    async (context, [path], options) => (await import('./unlock-command.ts')).unlock(context, path, options),
  );
  return program;
}

const lockWait = (): Option =>
  new Option('--lock-wait <seconds>', 'how long to wait while another haup is at work on the hosts').default(
    '0',
  );

function shared(command: Command): Command {
  return command
    .option('--json', 'one JSON document on stdout (NDJSON events for apply)')
    .option('-v, --verbose', 'say more')
    .option('--debug', 'stack traces, and the SSH conversation on stderr')
    .option('--limit <hosts>', 'only these hosts, separated by commas')
    .addOption(
      new Option('--strict-host-key <policy>', 'accept-new records an unknown key, yes refuses it')
        .choices(['accept-new', 'yes'])
        .default('accept-new'),
    )
    .option('--connect-timeout <seconds>', 'limit for each connection', '15')
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'))
    .option('--no-color', 'the same as --color never');
}
