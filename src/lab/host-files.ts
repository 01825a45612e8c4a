/** The text of the files that a lab writes for other programs. */

import type { LabHost, LabPaths, LabSpec } from './names.ts';
import type { SoftwareName, Tarballs } from './tarballs.ts';
import { drillNames } from '../model/fault.ts';

/** For `ssh -F` and `HAUP_SSH_CONFIG`: every host by its name and by its address. */
export function sshConfigText(spec: LabSpec, paths: LabPaths): string {
  const blocks = spec.hosts.map((host) =>
    [
      `Host ${host.name} ${host.address}`,
      `  HostName ${host.address}`,
      '  User root',
      `  IdentityFile ${paths.key}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${paths.knownHosts}`,
      '  GlobalKnownHostsFile /dev/null',
      '  StrictHostKeyChecking yes',
      '  HashKnownHosts no',
      '  UpdateHostKeys no',
      '',
    ].join('\n'),
  );
  return `# Lab ${spec.name}: written by haup lab up.\n\n${blocks.join('\n')}`;
}

/** @param keys public host keys by host name, `ssh-ed25519 AAAA…` */
export function knownHostsText(hosts: readonly LabHost[], keys: ReadonlyMap<string, string>): string {
  return hosts.map((host) => `${host.address} ${keys.get(host.name) ?? ''}\n`).join('');
}

export function hostsText(hosts: readonly LabHost[]): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback'];
  return [...lines, ...hosts.map((host) => `${host.address} ${host.name}`), ''].join('\n');
}

/**
 * The overlay: the only values of the inventory that a lab replaces. These are the URLs of the tarballs, the versions where
 * they differ from the inventory's, and the drills: all are allowed.
 */
export function overlayText(spec: LabSpec, tarballs: Tarballs): string {
  const section = (name: SoftwareName): string => {
    const { version, sha256, path } = tarballs[name];
    const lines = version === spec.software[name] ? [] : [`  version: ${JSON.stringify(version)}`];
    return [
      `${name}:`,
      ...lines,
      `  sha256: ${sha256}`,
      `  urls: [${JSON.stringify(`file://${path}`)}]`,
      '',
    ].join('\n');
  };
  return `# Lab ${spec.name}: what it replaces in the inventory. Written by haup lab up.\n${section('keepalived')}${section('nginx')}verify:\n  allow: [${drillNames.join(', ')}]\n`;
}
