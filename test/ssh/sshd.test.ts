import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import { password, type Sshd, startSshd } from '../fakes/sshd.ts';
import { connectTo, failure, never, spec } from './spec.ts';

let sshd: Sshd;
beforeAll(async () => {
  sshd = await startSshd();
});
afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
});
const run = { root: false, timeoutMs: 10_000 };

describe('root', () => {
  test.each(['root', 'free', 'asked'])('%s becomes root', async (user) => {
    await using connection = await connectTo(
      spec(sshd.port, { user, sudoPassword: new Secret(password, 'env:P') }),
      sshd.configFile,
    );
    const { code, stdout, stderr } = await connection.run(
      { ...run, root: true, script: 'id -un; cat; echo e >&2; exit 3', stdin: Buffer.from('the data') },
      never,
    );
    expect({ code, out: stdout.toString(), err: stderr.toString() }).toEqual({
      code: 3,
      out: 'root\nthe data',
      err: 'e\n',
    });
  });
  test('no', async () => {
    for (const [user, sudoPassword] of [
      ['plain', null],
      ['asked', null],
      ['asked', new Secret('wrong', 'env:P')],
      ['plain', new Secret(password, 'env:P')],
    ] as const) {
      await using connection = await connectTo(spec(sshd.port, { user, sudoPassword }), sshd.configFile);
      console.log(await failure(connection.run({ ...run, root: true, script: 'id' }, never)));
    }
  });
});
