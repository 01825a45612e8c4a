import { HaupError } from '../model/errors.ts';
import type { Flavour } from './flavour.ts';
import { isIPv4 } from 'node:net';

/** A host of a lab: what an inventory says about it, with a literal IPv4 address. */
export interface LabHost {
  /** For example `keep_136`. */
  readonly name: string;
  /** Dotted IPv4; every host of a lab lies in one /24. */
  readonly address: string;
  /** Name of its network interface, `ens33`. */
  readonly interface: string;
  readonly flavour: Flavour;
}

export interface LabSpec {
  readonly name: string;
  /** Absolute path of the inventory that the lab copies, or null. */
  readonly inventory: string | null;
  readonly hosts: readonly LabHost[];
  /** Addresses that the switch must not take, such as the virtual IPs. */
  readonly reserved: readonly string[];
  /** The versions that the inventory wants. */
  readonly software: { readonly keepalived: string; readonly nginx: string };
}

/** The faults of `haup lab fault`. */
export type LabFault = 'link-down' | 'link-up' | 'power-off' | 'power-on' | 'reboot';
export const labFaults: readonly LabFault[] = ['link-down', 'link-up', 'power-off', 'power-on', 'reboot'];

/** Where labs are kept, and what they share. */
export interface LabRoots {
  readonly labs: string;
  readonly cache: string;
}

export const defaultRoots: LabRoots = { labs: '/var/lib/haup/labs', cache: '/var/cache/haup' };

/** Beside the labs, since the file system of the cache may not support an overlay's files. */
export const savedDirectory = (roots: LabRoots): string => `${roots.labs}/.saved`;

export interface LabPaths {
  readonly dir: string;
  readonly lock: string;
  readonly spec: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly sshConfig: string;
  readonly overlay: string;
  readonly password: string;
  readonly keeper: string;
  readonly hosts: string;
}

export function labPaths(roots: LabRoots, lab: string): LabPaths {
  const dir = `${roots.labs}/${lab}`;
  return {
    dir,
    lock: `${dir}.lock`,
    spec: `${dir}/lab.json`,
    key: `${dir}/key`,
    knownHosts: `${dir}/known_hosts`,
    sshConfig: `${dir}/ssh_config`,
    overlay: `${dir}/overlay.yaml`,
    password: `${dir}/operator-pw.password`,
    keeper: `${dir}/keeper.sh`,
    hosts: `${dir}/hosts`,
  };
}

export interface HostPaths {
  readonly dir: string;
  readonly made: string;
  readonly upper: string;
  readonly work: string;
  readonly root: string;
  readonly script: string;
  readonly console: string;
}

export function hostPaths(lab: LabPaths, host: string): HostPaths {
  const dir = `${lab.hosts}/${host}`;
  return {
    dir,
    made: `${dir}/host.json`,
    upper: `${dir}/upper`,
    work: `${dir}/work`,
    root: `${dir}/root`,
    script: `${dir}/boot.sh`,
    console: `${dir}/console.log`,
  };
}

// Separated by dots, since lab names have none: `haup.LAB` and `haup.LAB.HOST`.

/** The control group over every process of a lab, below the root of the cgroup2 tree. */
export const labGroup = (lab: string): string => `haup.${lab}`;
export const switchNamespace = (lab: string): string => `haup.${lab}`;
export const hostNamespace = (lab: string, host: string): string => `haup.${lab}.${host}`;
/** The switch's end of a host's cable; unique, since all hosts share one /24. */
export const portName = (address: string): string => `v${address.slice(address.lastIndexOf('.') + 1)}`;

/** The lab that a namespace or control group belongs to, or null. */
export function labOf(name: string): string | null {
  const [first, lab] = name.split('.');
  return first === 'haup' && lab !== undefined && labName.test(lab) ? lab : null;
}

/** The same after a reboot, as on real hardware: locally administered, then the IPv4 address. */
export function hardwareAddress(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '00', ...octets].join(':');
}

/** systemd takes no underscore in a machine name. */
export function machineName(lab: string, host: string): string {
  const words = `haup-${lab}-${host}`.replace(/[^A-Za-z0-9-]+/g, '-');
  return words.slice(0, 64).replace(/-+$/, '');
}

const labName = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const hostName = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9_])?$/;
const interfaceName = /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/;

export function checkLabName(name: string): string {
  if (labName.test(name)) return name;
  throw new HaupError('USAGE', `${JSON.stringify(name)} is not a valid name for a lab.`, {
    hint: 'Use 1 to 32 lower-case letters, digits and hyphens, for example --name try-1.',
  });
}

/** Refuses a spec that the lab cannot build, before anything is made; returns the spec. */
export function checkSpec(spec: LabSpec): LabSpec {
  checkLabName(spec.name);
  const [first] = spec.hosts;
  if (first === undefined) throw new HaupError('USAGE', 'A lab needs at least one host.');
  const names = new Set<string>();
  const addresses = new Map<string, string>();
  for (const host of spec.hosts) {
    const refuse = (why: string, hint: string): never => {
      throw new HaupError('USAGE', `The lab cannot make ${host.name}: ${why}.`, { host: host.name, hint });
    };
    if (!hostName.test(host.name))
      refuse('its name has a character that a host name cannot have', 'Use letters, digits, - and _.');
    if (!isIPv4(host.address)) {
      refuse(
        `${host.address} is no IPv4 address`,
        'A lab uses the addresses of the inventory: give each host an IP address, not a DNS name or alias.',
      );
    }
    if (!interfaceName.test(host.interface) || host.interface === 'lo') {
      refuse(
        `${host.interface} is not a valid name for an interface`,
        'Use at most 15 letters, digits, - and _, such as ens33.',
      );
    }
    if (names.has(host.name)) refuse('another host has the same name', 'Give each host its own name.');
    const other = addresses.get(host.address);
    if (other !== undefined) refuse(`${other} has the same address`, 'Give each host its own address.');
    names.add(host.name);
    addresses.set(host.address, host.name);
    if (subnet(host.address) !== subnet(first.address)) {
      refuse(
        `${host.address} and ${first.address} of ${first.name} lie in different /24 networks`,
        'VRRP works within one network, and so does a lab: use addresses from one /24.',
      );
    }
  }
  return spec;
}

/** The first three octets, `192.168.160`. */
const subnet = (address: string): string => address.slice(0, address.lastIndexOf('.'));

/** An address for the switch that no host and no virtual IP has: .1, else the highest free one. */
export function switchAddress(spec: LabSpec): string {
  const net = subnet(spec.hosts[0]?.address ?? '');
  const taken = new Set([...spec.hosts.map((host) => host.address), ...spec.reserved]);
  for (const last of [1, ...Array.from({ length: 253 }, (_, index) => 254 - index)]) {
    const address = `${net}.${last}`;
    if (!taken.has(address)) return address;
  }
  throw new HaupError('USAGE', `${net}.0/24 has no free address for the switch of the lab.`);
}
