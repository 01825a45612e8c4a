// The floor for bench/noop: load node-ssh, connect to every host in parallel, run one command on each, end.
import { readFileSync } from 'node:fs';
import { NodeSSH } from 'node-ssh';

const config = process.env.HAUP_SSH_CONFIG;
const hosts = process.argv.slice(2);
await Promise.all(
  hosts.map(async (alias) => {
    // The settings are given, not looked up: this is the least that a connection takes.
    const block = readFileSync(config, 'utf8')
      .split(/^Host /m)
      .find((part) => part.split(/\s/).includes(alias));
    const value = (key) => new RegExp(`^\\s*${key} +(.*)$`, 'mi').exec(block)?.[1]?.replaceAll('"', '');
    const ssh = new NodeSSH();
    await ssh.connect({
      host: value('HostName'),
      username: value('User') ?? 'root',
      privateKey: readFileSync(value('IdentityFile'), 'utf8'),
    });
    const { code } = await ssh.execCommand('true');
    if (code !== 0) throw new Error(`${alias}: ${code}`);
    ssh.dispose();
  }),
);
