// `npm run demo`: the whole of haup on this one machine, with real hosts. `-- --down` removes it again;
// `-- --no-cached-builds` builds both daemons again, which another demo, or the tests, may have built before.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, setup } from './setup.mjs';

if (process.getuid?.() !== 0) {
  console.error(
    'The demo makes network namespaces and boots hosts in them, so it needs root:\n\n  sudo npm run demo\n',
  );
  process.exit(2);
}
const haup = (...args) => {
  console.log(
    `\n\x1b[1m$ haup ${args.join(' ')}\x1b[0m`.replace(/\x1b\[\d+m/g, process.stdout.isTTY ? '$&' : ''),
  );
  run(process.execPath, [join(root, 'dist/bin.js'), ...args]);
};
const name = 'demo';

if (process.argv.includes('--down')) {
  if (!existsSync(join(root, 'dist/bin.js'))) setup();
  haup('lab', 'down', '--name', name);
  process.exit(0);
}

const started = Date.now();
setup();
haup('lab', 'up', 'inventory.example.yaml', '--name', name, '--yes');
const anew = process.argv.filter((word) => word === '--no-cached-builds');
haup('lab', 'exec', '--name', name, '--', 'haup', 'apply', 'inventory.example.yaml', '--yes', ...anew);
haup('lab', 'exec', '--name', name, '--', 'haup', 'verify', 'inventory.example.yaml', '--yes');
haup('lab', 'exec', '--name', name, '--', 'haup', 'status', 'inventory.example.yaml');
console.log(`
The whole took ${((Date.now() - started) / 1000).toFixed(0)} s. The two hosts go on running; try on them:

  npx haup lab exec --name ${name} -- haup failover keep_136 inventory.example.yaml   move its VIPs, without an outage
  npx haup lab exec --name ${name} -- haup failback keep_136 inventory.example.yaml   and back
  npx haup lab exec --name ${name} -- curl http://192.168.160.161/                    who answers there
  npx haup lab ssh --name ${name} keep_136                                            look around on a host
  npx haup lab fault --name ${name} keep_136 power-off                                pull the plug, then haup status
  npm run demo -- --down                                                           remove it all
`);
