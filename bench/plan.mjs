// bench/plan: the CPU time of `desire` and of the plan for 100 to 1,000 hosts with as many VIPs, in memory.
//   node bench/plan.mjs [runs]
// Of bare hosts, and of hosts that need nothing. Prints medians; the bound is 1 s for 1,000 hosts.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { hostScripts } from '../scripts/host-scripts.mjs';
import { templates } from '../scripts/templates.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runs = Number(process.argv[2] ?? 5);
const { clusters, desire, execute, fakeHost, fleetFacts, fleetInventory, loadRender, makePlan, quietRun } =
  await sources({
    clusters: 'src/cluster/clusters.ts',
    desire: 'src/desired/desire.ts',
    execute: 'src/run/execute.ts',
    fakeHost: 'test/fakes/host.ts',
    fleetFacts: 'test/fakes/fleet.ts',
    fleetInventory: 'test/fakes/fleet.ts',
    loadRender: 'src/desired/load-render.ts',
    makePlan: 'src/plan/make-plan.ts',
    quietRun: 'test/fakes/run.ts',
  });
const render = await loadRender();
const builds = { on: 'first', cached: new Set() };

let slowest = 0;
for (const size of [100, 200, 500, 1000]) {
  const inventory = fleetInventory(size);
  const bare = fleetFacts(inventory);
  const hosts = new Map([...bare].map(([name, facts]) => [name, fakeHost(facts)]));
  await execute(decide(inventory, bare).plan, hosts, quietRun, new AbortController().signal);
  const whole = new Map([...hosts].map(([name, host]) => [name, host.facts()]));
  if (decide(inventory, whole).plan.tracks.length > 0) throw new Error('something is left to do');
  console.log(`${String(size).padStart(5)} hosts   ${measured('bare', bare)}   ${measured('whole', whole)}`);

  function measured(name, facts) {
    const times = Array.from({ length: runs }, () => decide(inventory, facts).times);
    const [desired, planned] = ['desired', 'planned'].map((part) => median(times.map((one) => one[part])));
    slowest = Math.max(slowest, desired + planned);
    const total = (desired + planned).toFixed(0).padStart(6);
    return `${name} ${total} ms (desire ${desired.toFixed(0)}, plan ${planned.toFixed(0)})`;
  }
}
process.exitCode = slowest < 1000 ? 0 : 1;

function decide(inventory, facts) {
  const began = process.cpuUsage();
  const want = desire(inventory, facts, render);
  const desired = cpuMs(began);
  const then = process.cpuUsage();
  const made = makePlan(want, facts, inventory.vips, clusters(inventory), builds);
  return { plan: made, times: { desired, planned: cpuMs(then) } };
}

/** That of other programs is not counted, so that it is the same on a busy machine. */
function cpuMs(since) {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function median(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}

/** What these files export, bundled as haup is. */
async function sources(files) {
  const entry = 'bench:plan';
  const lines = Object.entries(files).map(
    ([name, file]) => `export { ${name} } from ${JSON.stringify(join(root, file))};`,
  );
  const bundle = await rolldown({
    cwd: root,
    input: entry,
    platform: 'node',
    plugins: [
      templates(),
      hostScripts(),
      {
        name: entry,
        resolveId: (id) => (id === entry ? `\0${entry}` : null),
        load: (id) => (id === `\0${entry}` ? lines.join('\n') : null),
      },
    ],
  });
  // Beside the fakes, which look for the example inventory from where they are.
  const file = join(root, `test/fakes/.bench-${process.pid}.mjs`);
  try {
    await bundle.write({ file, format: 'esm', codeSplitting: false });
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(file, { force: true });
  }
}
