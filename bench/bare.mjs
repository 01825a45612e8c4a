// The floor for haup: load node-ssh, connect to every host, run one command on each, end.
//   HAUP_SSH_CONFIG=FILE node bare.mjs HOST…
import { readFileSync } from 'node:fs';
import { NodeSSH } from 'node-ssh';

// As many as haup: hundreds at once make each other late.
const atOnce = 32;

const blocks = readFileSync(process.env.HAUP_SSH_CONFIG, 'utf8').split(/^Host /m);
// The settings are given, not looked up: this is the least that a connection takes.
const settings = new Map(
  blocks.flatMap((block) => {
    const value = (key) => new RegExp(`^\\s*${key} +(.*)$`, 'mi').exec(block)?.[1]?.replaceAll('"', '');
    return block
      .split('\n')[0]
      .split(/\s+/)
      .map((alias) => [
        alias,
        { host: value('HostName'), username: value('User'), key: value('IdentityFile') },
      ]);
  }),
);

async function connect(alias) {
  const { host, username, key } = settings.get(alias);
  const ssh = new NodeSSH();
  await ssh.connect({ host, username, privateKey: readFileSync(key, 'utf8'), readyTimeout: 60_000 });
  const { code } = await ssh.execCommand('true');
  if (code !== 0) throw new Error(`${alias}: ${code}`);
  ssh.dispose();
}

const next = process.argv.slice(2).values();
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (const alias of next) await connect(alias);
  }),
);
