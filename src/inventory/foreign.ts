/** What people paste from the files of other tools, and what is written here in its place. */

import { bare } from './derive.ts';
import { cidr4 } from './patterns.ts';

/** A line of keepalived's virtual_ipaddress as the address of a VIP; null: it is none. */
export function keepalivedAddress(text: string): { readonly message: string; readonly hint: string } | null {
  const [address = '', ...words] = text.trim().split(/\s+/);
  if (words.length === 0 || !cidr4.test(address)) return null;
  const dev = words[words.indexOf('dev') + 1];
  const device = words.includes('dev') && dev !== undefined ? dev : null;
  const others = words.filter((word) => word !== 'dev' && word !== device && keywords.has(word));
  const left = others.length === 0 ? '' : ` haup sets no ${others.join(', no ')}.`;
  return {
    message: `is ${bare(address)} with more words of keepalived's: here it is the address alone`,
    hint: `Write address: ${address}${device === null ? '' : `, interface: ${device}`}.${left}`,
  };
}

/** What may follow the address there (keepalived.conf(5)). */
const keywords: ReadonlySet<string> = new Set([
  'brd',
  'broadcast',
  'scope',
  'label',
  'peer',
  'home',
  'nodad',
  '-nodad',
  'mngtmpaddr',
  'noprefixroute',
  'autojoin',
  'metric',
  'preferred_lft',
  'track_group',
]);

/** Ansible's variables of a connection (ansible.builtin.ssh, become), old names too → what is written here. */
export function ansibleWord(key: string): string | null {
  if (!key.startsWith('ansible_')) return null;
  const own = Object.hasOwn(ansible, key) ? ansible[key] : undefined;
  if (own !== undefined) return own;
  const byForm = forms.find(([form]) => form.test(key));
  return (
    byForm?.[1] ?? "Remove it: of Ansible's variables haup knows ansible_host, ansible_port and ansible_user."
  );
}

const sudo = 'Remove it: haup becomes root by sudo where the login is not root.';
const password = (key: string): string =>
  `Write it as ssh.${key}: a reference, env:NAME, file:PATH or cmd:COMMAND.`;
const nowhere =
  'Remove it: it has no meaning here, since haup runs sh over SSH and needs nothing else on a host.';
const client = 'Remove it: options of ssh stand in ~/.ssh/config, which haup reads; a jump host is ssh.jump.';

const ansible: Readonly<Record<string, string>> = {
  ansible_ssh_host: 'Write it as address.',
  ansible_ssh_port: 'Write it as ssh.port.',
  ansible_ssh_user: 'Write it as ssh.user.',
  ansible_remote_user: 'Write it as ssh.user.',
  ansible_ssh_private_key_file: 'Write it as ssh.identity_file.',
  ansible_private_key_file: 'Write it as ssh.identity_file.',
  ansible_password: password('password'),
  ansible_ssh_password: password('password'),
  ansible_ssh_pass: password('password'),
  ansible_become_password: password('sudo_password'),
  ansible_become_pass: password('sudo_password'),
  ansible_sudo_password: password('sudo_password'),
  ansible_sudo_pass: password('sudo_password'),
  ansible_host_key_checking: 'Remove it: host keys are verified, always; --strict-host-key says how.',
  ansible_ssh_host_key_checking: 'Remove it: host keys are verified, always; --strict-host-key says how.',
  ansible_connection: nowhere,
};

const forms: readonly (readonly [RegExp, string])[] = [
  [/^ansible_(become|sudo|su)(_|$)/, sudo],
  [/^ansible_(ssh|scp|sftp)_/, client],
  [/_interpreter$|^ansible_(shell|python|pipelining|remote_tmp|async|network|winrm|psrp)/, nowhere],
];
