import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execInLab, sshToHost } from '../lab/enter.ts';
import { fault, knownHost } from '../lab/faults.ts';
import type { Flavour } from '../lab/flavour.ts';
import { flavoursOf } from '../lab/flavour.ts';
import type { Keeper } from '../lab/keeper.ts';
import { down, up } from '../lab/lab.ts';
import { checkRoot, installPackages, missingPackages } from '../lab/machine.ts';
import type { LabFault, LabSpec } from '../lab/names.ts';
import { checkLabName, defaultRoots, labPaths } from '../lab/names.ts';
import { labsWithTraces, removeCache } from '../lab/remove.ts';
import { readSaved, save, type Saved } from '../lab/saved-lab.ts';
import { readSpec, specOf } from '../lab/lab-state.ts';
import type { LabStatus } from '../lab/lab-status.ts';
import { status } from '../lab/lab-status.ts';
import type { LabWorld } from '../lab/world.ts';
import type { Inventory } from '../model/domain.ts';
import { exitCodes, HaupError } from '../model/errors.ts';
import { printJson } from '../report/json.ts';
import type { Context } from '../app/command-context.ts';
import { numberOption } from '../app/number-option.ts';

export interface LabOptions {
  /** Default: $HAUP_LAB, so that a command inside a lab means that lab, or `haup`. */
  readonly name?: string;
  readonly json?: boolean;
}

export const worldOf = (context: Context): LabWorld => ({
  roots: defaultRoots,
  env: context.env,
  signal: context.signal,
  say: (line) => context.err(`${line}\n`),
});

const nameOf = (context: Context, options: LabOptions): string =>
  checkLabName(options.name ?? (context.env['HAUP_LAB'] || 'haup'));

export const ownCommand = (context: Context): readonly string[] => [context.node, context.script];

/** Takes the lab down when the process ends. */
export const keeperFor = (context: Context, name: string, pid: number): Keeper => ({
  pid,
  down: [...ownCommand(context), 'lab', 'down', '--name', name],
  program: context.script,
});

export interface LabUpOptions extends LabOptions {
  readonly yes?: boolean;
  readonly forPid?: string;
  /** `apt` or `yum` for all hosts, `HOST=yum` for one. */
  readonly flavour?: readonly string[];
  /** Name of a saved lab. */
  readonly from?: string;
}

/** `haup lab up`: exit code 0 when every host answers. */
export async function labUp(
  context: Context,
  path: string | undefined,
  options: LabUpOptions,
): Promise<number> {
  const name = nameOf(context, options);
  const forPid = numberOption('--for-pid', options.forPid);
  const from = options.from === undefined ? null : await readSaved(options.from, defaultRoots);
  const spec = await labFor(context, name, path, options.flavour ?? [], from);
  checkRoot(`haup lab up${path === undefined ? '' : ` ${path}`}`);
  await needPackages(context, options.yes === true);
  const keeper = forPid === null ? null : keeperFor(context, name, forPid);
  const made = await up(spec, worldOf(context), { keeper, from });
  if (options.json === true) printJson(context.out, { version: 1, ok: true, ...made }, 'pretty');
  else context.out(`${statusText(made)}\n${next(name)}`);
  return exitCodes.ok;
}

/** A lab for the inventory; by default for the example that comes with haup. */
export async function labFor(
  context: Context,
  name: string,
  path: string | undefined,
  flavours: readonly string[],
  from: Saved | null = null,
): Promise<LabSpec> {
  const { loadInventory } = await import('../inventory/load.ts');
  const file = path ?? fileURLToPath(new URL('../../inventory.example.yaml', import.meta.url));
  // As the file says, without another lab's overlay.
  const env = { ...context.env, HAUP_OVERLAY: undefined };
  const stdin = file === '-' ? { stdin: await context.readStdin() } : {};
  const inventory = await loadInventory(file, { env, cwd: context.cwd, ...stdin });
  const before = (await readSpec(labPaths(defaultRoots, name)))?.hosts ?? [];
  const flavourOf = flavoursOf(
    flavours,
    inventory.hosts.map((host) => host.name),
    new Map([
      ...before.map((host) => [host.name, host.flavour] as const),
      ...Object.entries(from?.hosts ?? {}).map(([host, { flavour }]) => [host, flavour] as const),
    ]),
  );
  return specOfInventory(name, file === '-' ? null : resolve(context.cwd, file), inventory, flavourOf);
}

export function specOfInventory(
  name: string,
  file: string | null,
  inventory: Inventory,
  flavourOf: ReadonlyMap<string, Flavour>,
): LabSpec {
  const members = inventory.vips.flatMap((vip) => vip.members);
  return {
    name,
    inventory: file,
    hosts: inventory.hosts.map((host) => ({
      name: host.name,
      address: host.address,
      interface:
        host.interface ??
        members.find((each) => each.host === host.name && each.interface !== null)?.interface ??
        'eth0',
      flavour: flavourOf.get(host.name) ?? 'apt',
    })),
    reserved: inventory.vips.map((vip) => vip.address.address),
    software: { keepalived: inventory.keepalived.version, nginx: inventory.nginx.version },
  };
}

export async function needPackages(context: Context, yes: boolean): Promise<void> {
  const missing = await missingPackages(context.env['PATH'] ?? '');
  if (missing.length === 0) return;
  const names = missing.join(', ');
  if (
    !yes &&
    !(await context.confirm(`A lab needs ${names}, which are not installed. Install them with apt-get?`))
  ) {
    throw new HaupError('LAB_UNSUPPORTED', `A lab needs ${names}.`, {
      hint: `Install by hand: apt-get install ${missing.join(' ')}`,
    });
  }
  await installPackages(worldOf(context));
}

export interface LabDownOptions extends LabOptions {
  readonly all?: boolean;
  readonly purge?: boolean;
}

/** `haup lab down`: succeeds when there is no lab. */
export async function labDown(context: Context, options: LabDownOptions): Promise<number> {
  const names = options.all === true ? await labsWithTraces(defaultRoots) : [nameOf(context, options)];
  checkRoot('haup lab down');
  for (const name of names) await down(name, worldOf(context));
  if (options.purge === true) await removeCache(worldOf(context));
  if (options.json === true) printJson(context.out, { version: 1, ok: true, removed: names }, 'pretty');
  return exitCodes.ok;
}

/** `haup lab save`: hosts that were on are on again when it ends. */
export async function labSave(context: Context, as: string, options: LabOptions): Promise<number> {
  checkRoot(`haup lab save ${as}`);
  const saved = await save(nameOf(context, options), as, worldOf(context));
  if (options.json === true) printJson(context.out, { version: 1, ok: true, name: as, ...saved }, 'pretty');
  return exitCodes.ok;
}

/** `haup lab status`: exit code 0 when every host is on, 3 when one is off, 2 when there is no such lab. */
export async function labStatus(context: Context, options: LabOptions): Promise<number> {
  checkRoot('haup lab status');
  const found = await status(nameOf(context, options), defaultRoots);
  if (options.json === true) printJson(context.out, { version: 1, ok: found.up, ...found }, 'pretty');
  else context.out(`${statusText(found)}\n`);
  return found.up ? exitCodes.ok : exitCodes.findings;
}

/** `haup lab exec -- CMD…`: the exit code is the command's. */
export async function labExec(
  context: Context,
  command: readonly string[],
  options: LabOptions,
): Promise<number> {
  checkRoot('haup lab exec');
  return execInLab(nameOf(context, options), command, ownCommand(context), worldOf(context));
}

/** `haup lab ssh HOST [-- CMD…]`: the exit code is ssh's. */
export async function labSsh(
  context: Context,
  host: string,
  command: readonly string[],
  options: LabOptions,
): Promise<number> {
  checkRoot('haup lab ssh');
  return sshToHost(nameOf(context, options), host, command, worldOf(context));
}

/** `haup lab fault HOST FAULT`: returns when the fault is in place. */
export async function labFault(
  context: Context,
  host: string,
  what: LabFault,
  options: LabOptions,
): Promise<number> {
  checkRoot('haup lab fault');
  const name = nameOf(context, options);
  const spec = await specOf(name, defaultRoots);
  await fault(spec, labPaths(defaultRoots, name), knownHost(spec, host), what, context.signal);
  const found = await status(name, defaultRoots);
  if (options.json === true) printJson(context.out, { version: 1, ok: true, ...found }, 'pretty');
  else context.out(`${statusText(found)}\n`);
  return exitCodes.ok;
}

function statusText(lab: LabStatus): string {
  const rows = [
    ['HOST', 'ADDRESS', 'INTERFACE', 'FLAVOUR', 'POWER', 'LINK', 'UPTIME'],
    ...lab.hosts.map((host) => [
      host.name,
      host.address,
      host.interface,
      host.flavour,
      host.power,
      host.link,
      host.uptime === null ? '-' : `${host.uptime} s`,
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [`lab ${lab.name}, switch ${lab.switchAddress}`, ...lines].join('\n');
}

const next = (name: string): string => {
  const which = name === 'haup' ? '' : ` --name ${name}`;
  return `
Next: haup lab exec${which} -- haup apply
      haup lab ssh${which} HOST
      haup lab down${which}
`;
};
