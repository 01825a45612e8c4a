/** What people paste from the files of other tools, and what to write here instead. */

import { bare } from '../base/address.ts';
import { cidr4 } from './patterns.ts';

/** A line of keepalived's virtual_ipaddress given as the address of a VIP; null for anything else. */
export function keepalivedAddress(text: string): { readonly message: string; readonly hint: string } | null {
  const [address = '', ...words] = text.trim().split(/\s+/);
  if (words.length === 0 || !cidr4.test(address)) return null;
  const dev = words[words.indexOf('dev') + 1];
  const device = words.includes('dev') && dev !== undefined ? dev : null;
  const others = words.filter((word) => word !== 'dev' && word !== device && keywords.has(word));
  const left = others.length === 0 ? '' : ` haup does not set ${others.join(' or ')}.`;
  return {
    message: `is a line from keepalived.conf: only the address ${bare(address)} goes here`,
    hint: `Write address: ${address}${device === null ? '' : `, interface: ${device}`}.${left}`,
  };
}

/** What keepalived.conf(5) allows after the address. */
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

/** Keys of keepalived.conf, ssh_config and other tools → what to write here, by where they were found. */
export function foreignKey(place: string, key: string): string | null {
  const known = places[place];
  const word = key.toLowerCase().replaceAll('-', '_');
  return known !== undefined && Object.hasOwn(known, word) ? (known[word] ?? null) : null;
}

const state = 'Remove it: the first of hosts is the master.';
const preempt = 'Remove it: a host takes back its VIPs when it is healthy; vrrp.preempt_delay makes it wait.';
const script = 'Remove it: vrrp.check is the health check of nginx.';
const address = 'Write it as address.';
const members = 'Write them as hosts: the master first, then its backups.';
const keyFile = 'Write it as ssh.identity_file.';

const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  top: {
    all: 'Write hosts directly: a haup inventory has no groups.',
    children: 'Remove it: there are no groups; hosts that share VIPs are a cluster.',
    virtual_ips: 'Write them under vips.',
    vrrp_instance: 'Write each as an entry of vips: address and hosts.',
    global_defs: 'Remove it: haup writes it.',
  },
  vip: {
    state,
    nopreempt: preempt,
    preempt,
    authentication: 'Write vrrp.auth_pass, a reference to the password for all VIPs.',
    virtual_ipaddress: 'Write address: each entry of vips is one VIP.',
    unicast_peer: 'Write vrrp.unicast: true; the peers are the other hosts.',
    unicast_src_ip: 'Write vrrp.unicast: true; each host sends from its own address.',
    track_script: script,
    vrid: 'Write it as virtual_router_id.',
    router_id: 'Write it as virtual_router_id.',
    ip: address,
    vip: address,
    virtual_ip: address,
    members,
    nodes: members,
    master: members,
    backup: members,
    backups: members,
  },
  vrrp: {
    state,
    nopreempt: preempt,
    vrrp_version: 'Write it as version.',
    auth_type: 'Remove it: auth_pass always means PASS.',
    vrrp_script: script,
    track_script: script,
    script_user: 'Remove it: haup gives the check its own user.',
    weight: 'Remove it: a host whose check fails gives up its VIPs.',
  },
  host: {
    hostname: address,
    ip: address,
    host: address,
    user: 'Write it as ssh.user.',
    port: 'Write it as ssh.port.',
    identityfile: keyFile,
    proxyjump: 'Write it as ssh.jump.',
  },
  ssh: {
    key: 'Write it as identity_file.',
    keyfile: 'Write it as identity_file.',
    key_file: 'Write it as identity_file.',
    private_key: 'Write it as identity_file.',
    identityfile: 'Write it as identity_file.',
    proxy_jump: 'Write it as jump.',
    proxyjump: 'Write it as jump.',
    bastion: 'Write it as jump.',
    username: 'Write it as user.',
    hostname: "Write it as the host's address.",
  },
};

/** Ansible's connection variables (ansible.builtin.ssh, become), old names too → what to write here. */
export function ansibleWord(key: string): string | null {
  if (!key.startsWith('ansible_')) return null;
  const own = Object.hasOwn(ansible, key) ? ansible[key] : undefined;
  if (own !== undefined) return own;
  const byForm = forms.find(([form]) => form.test(key));
  return byForm?.[1] ?? 'Remove it: haup knows ansible_host, ansible_port and ansible_user only.';
}

const sudo = 'Remove it: haup uses sudo where the login is not root.';
const password = (key: string): string =>
  `Write it as ssh.${key}: a reference, env:NAME, file:PATH or cmd:COMMAND.`;
const nowhere = 'Remove it: haup runs sh over SSH and needs nothing else on a host.';
const client = 'Remove it: haup reads ssh options from ~/.ssh/config; write a jump host as ssh.jump.';

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
  ansible_host_key_checking: 'Remove it: haup always verifies host keys; --strict-host-key sets how.',
  ansible_ssh_host_key_checking: 'Remove it: haup always verifies host keys; --strict-host-key sets how.',
  ansible_connection: nowhere,
};

const forms: readonly (readonly [RegExp, string])[] = [
  [/^ansible_(become|sudo|su)(_|$)/, sudo],
  [/^ansible_(ssh|scp|sftp)_/, client],
  [/_interpreter$|^ansible_(shell|python|pipelining|remote_tmp|async|network|winrm|psrp)/, nowhere],
];
