import { readFile, writeFile } from 'node:fs/promises';
import type { Context } from '../app/command-context.ts';
import { openInventory } from '../app/open-inventory.ts';
import type { SessionOptions } from '../app/with-hosts.ts';
import type { OutputOptions } from '../app/verified-run.ts';
import { execInLab } from '../lab/enter.ts';
import { down, up } from '../lab/lab.ts';
import { checkRoot } from '../lab/machine.ts';
import { defaultRoots, labPaths } from '../lab/names.ts';
import type { LabWorld } from '../lab/world.ts';
import type { Inventory } from '../model/domain.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import { drillNames } from '../model/fault.ts';
import type { StatusReport } from '../model/status-shape.ts';
import { styleFor } from '../report/stream-style.ts';
import { keeperFor, labFor, needPackages, ownCommand, worldOf } from './lab-command.ts';

export interface RehearseOptions extends SessionOptions, OutputOptions {
  readonly drill?: readonly string[];
  readonly flavour?: readonly string[];
}

/** A split brain that a firewall makes costs no outage to measure: only if asked for. */
const usualDrills = drillNames.filter((name) => !name.startsWith('vrrp-block'));

/**
 * `haup rehearse`: the inventory's hosts in a lab, apply, drills, the report, then what differs from the real hosts. The
 * exit code is that of verify, or of what failed before it.
 */
export async function rehearse(
  context: Context,
  path: string | undefined,
  options: RehearseOptions,
): Promise<number> {
  if (path === '-') {
    throw new HaupError(
      'USAGE',
      'haup rehearse reads its inventory several times, and cannot take it from stdin.',
      {
        hint: 'Name a file.',
      },
    );
  }
  const inventory = await openInventory(context, path);
  if (options.report !== undefined || options.junit !== undefined)
    await (await import('../app/verify-outputs.ts')).assertWritable(context, options, inventory);
  checkRoot(`haup rehearse${path === undefined ? '' : ` ${path}`}`);
  const name = `rehearse-${context.pid}`;
  const spec = await labFor(context, name, inventory.file, options.flavour ?? []);
  await needPackages(context, options.yes === true);
  const world = worldOf(context);
  // Also when this process is killed.
  const keeper = keeperFor(context, name, context.pid);
  try {
    await up(spec, world, { keeper, from: null });
    return await inLab(context, inventory, options, name, world);
  } finally {
    await down(name, { ...world, signal: new AbortController().signal });
  }
}

async function inLab(
  context: Context,
  inventory: Inventory,
  options: RehearseOptions,
  lab: string,
  world: LabWorld,
): Promise<number> {
  const { file } = inventory;
  const paths = labPaths(defaultRoots, lab);
  const overlay = `${paths.dir}/rehearsal.yaml`;
  await writeFile(overlay, `${await readFile(paths.overlay, 'utf8')}${isolationText(inventory)}`);
  const run = (args: readonly string[], onStdout: ((text: string) => void) | undefined): Promise<number> =>
    execInLab(lab, ['haup', ...args], ownCommand(context), world, {
      // Its runs are none of the real hosts'.
      env: { HAUP_OVERLAY: overlay, XDG_STATE_HOME: `${paths.dir}/state` },
      ...(onStdout === undefined ? {} : { onStdout }),
    });
  // The plan of bare hosts is long, and known to whoever reads plans.
  const plan = options.verbose === true ? context.err : () => undefined;
  const applied = await run(['apply', file, '--yes'], plan);
  if (applied !== exitCodes.ok && applied !== exitCodes.findings) return applied;
  let status = '';
  await run(['status', file, '--json'], (text) => (status += text));
  let verified = '';
  const drills = options.drill ?? usualDrills;
  const code = await run(
    [
      'verify',
      file,
      '--yes',
      '--drill',
      drills.join(','),
      ...(options.report === undefined ? [] : ['--report', options.report]),
      ...(options.junit === undefined ? [] : ['--junit', options.junit]),
      ...(options.json === true ? ['--json'] : []),
    ],
    options.json === true ? (text) => (verified += text) : undefined,
  );
  if (code === exitCodes.interrupted) return code;
  const { compareRehearsal } = await import('../app/compare-rehearsal.ts');
  const looked = JSON.parse(status) as StatusReport;
  const comparison = await compareRehearsal(context, file, options, looked);
  if (options.json === true) {
    const { printJson } = await import('../report/json.ts');
    const report: object = verified === '' ? {} : (JSON.parse(verified) as object);
    printJson(context.out, { ...report, hosts: comparison }, 'pretty');
  } else {
    const { rehearsalText } = await import('../report/rehearsal-text.ts');
    const style = await styleFor(context.stdout);
    context.out(`\n${rehearsalText(comparison, style, context.stdout.columns)}\n`);
  }
  return code;
}

/** How the real hosts are reached is not how the lab's are, and hooks would act on the real world. */
export function isolationText({ hosts }: Pick<Inventory, 'hosts'>): string {
  const lines = hosts.flatMap(({ name, ssh }) => [
    // Names are letters, digits, dots, _ and -, and may look like a number.
    `  "${name}":`,
    '    ssh: null',
    ...(ssh.user === null ? [] : ['    ansible_user: root']),
    ...(ssh.port === null ? [] : ['    ansible_port: 22']),
  ]);
  return ['hooks: null', 'hosts:', ...lines, ''].join('\n');
}
