import { givenLab, haup, inLab, mainLab } from './haup.ts';
import { upInstalled } from './installed.ts';

/** One lab with the example applied, for every test that needs a serving pair. */
export default async function setup(): Promise<() => Promise<void>> {
  if (givenLab === undefined) {
    await upInstalled(mainLab, ['--for-pid', String(process.pid)]);
    return async () => void (await haup(['lab', 'down', '--name', mainLab]));
  }
  const ran = await inLab(givenLab, ['apply', 'inventory.example.yaml', '--yes']);
  if (ran.code !== 0) throw new Error(`HAUP_TEST_LAB=${givenLab}: ${ran.stdout}${ran.stderr}`);
  return async () => undefined;
}
