import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { BuildNeed, BuildRecipe } from '../../src/model/desired.ts';
import type { Service } from '../../src/model/domain.ts';
import { sourceDirectory } from '../../src/model/layout.ts';
import { telling } from '../../src/ssh/advice.ts';
import { configure } from '../../src/ssh/builds/build-steps.ts';
import { shells } from '../shells.ts';
import { putProgram, scratchDirectory } from '../scratch.ts';

describe.each(shells)('by %s', (_shell, program, args) => {
  let root: string;
  beforeEach(() => {
    root = scratchDirectory();
  });

  const recipe = (software: Service): BuildRecipe => ({
    software,
    version: '1.0.0',
    prefix: `/usr/local/${software}`,
    configure: ['--with-x'],
    tarball: { name: `${software}-1.0.0.tar.gz`, urls: [], sha256: '' },
    entry: '/etc/x.conf',
  });

  /** Runs the job in a real sh on a tarball whose ./configure is `script`. */
  function configured(
    software: Service,
    script: string,
    needs: readonly BuildNeed[],
  ): Promise<{ readonly code: number; readonly output: string; readonly left: boolean }> {
    const source = join(root, 'src');
    mkdirSync(join(root, 'tree/x'), { recursive: true });
    mkdirSync(source);
    putProgram(join(root, 'tree/x/configure'), script);
    execFileSync('tar', ['-C', join(root, 'tree'), '-czf', join(source, `${software}-1.0.0.tar.gz`), 'x']);
    const job = configure(recipe(software), needs);
    return new Promise((resolve) => {
      execFile(
        program,
        [...args, '-c', job.script.replaceAll(sourceDirectory, source)],
        (error, stdout, stderr) => {
          resolve({
            code: error === null ? 0 : Number(error.code),
            output: stdout + stderr,
            left: existsSync(join(source, `${software}-1.0.0`)),
          });
        },
      );
    });
  }

  /** As keepalived 2.2.7 ends. */
  const summary = (vrrp: string, auth: string): string => `cat <<'end'
Keepalived configuration
------------------------
Keepalived version       : 2.2.7
Extra Lib                : -lm -lcrypto
Use IPVS Framework       : Yes
fwmark socket support    : Yes
Use VRRP Framework       : ${vrrp}
Use VRRP authentication  : ${auth}
Use nftables             : No
init type                : systemd
end
`;
  const modules = (names: readonly string[]): string => `mkdir objs
cat > objs/ngx_modules.c <<'end'
#include <ngx_core.h>
${names.map((name) => `extern ngx_module_t  ngx_${name};`).join('\n')}

ngx_module_t *ngx_modules[] = {
    &ngx_core_module,
    NULL
};
end
`;
  const vrrp = { feature: 'Use VRRP Framework', for: 'every virtual IP' };
  const auth = { feature: 'Use VRRP authentication', for: 'vrrp.auth_pass' };
  const proxy = { feature: 'http_proxy_module', for: 'the site app' };
  const rewrite = { feature: 'http_rewrite_module', for: 'the answer to /haup/host' };

  describe('what ./configure has put into a build', () => {
    test.each([
      ['keepalived with all', 'keepalived', summary('Yes', 'Yes'), [vrrp, auth], []],
      [
        'keepalived without VRRP',
        'keepalived',
        summary('No', 'No'),
        [vrrp],
        ['Use VRRP Framework, which is needed for every virtual IP'],
      ],
      [
        'keepalived without passwords',
        'keepalived',
        summary('Yes', 'No'),
        [vrrp, auth],
        ['Use VRRP authentication, which is needed for vrrp.auth_pass'],
      ],
      ['a password that nobody wants', 'keepalived', summary('Yes', 'No'), [vrrp], []],
      [
        'nginx with all',
        'nginx',
        modules(['http_rewrite_module', 'http_proxy_module']),
        [rewrite, proxy],
        [],
      ],
      [
        'nginx without the proxy',
        'nginx',
        modules(['http_rewrite_module', 'http_proxy_cache_module']),
        [rewrite, proxy],
        ['http_proxy_module, which is needed for the site app'],
      ],
      ['a form that nobody knows', 'keepalived', 'echo "all is well"', [vrrp], []],
    ] as const)('%s', async (_name, software, script, needs, lacks) => {
      const { code, output, left } = await configured(software, script, needs);
      const job = configure(recipe(software), needs);
      expect(code === 0 ? undefined : job.meaning?.[code]?.code).toBe(
        lacks.length === 0 ? undefined : 'CONFIGURE_FAILED',
      );
      if (lacks.length > 0) {
        expect(telling('CONFIGURE_FAILED', output)).toEqual(lacks.map((line) => `this build lacks ${line}`));
        expect(job.meaning?.[code]?.hint).toMatch(new RegExp(`${software}\\.configure`));
      }
      // A build that is of no use leaves nothing behind.
      expect(left).toBe(lacks.length === 0);
    });
  });

  test('a ./configure that fails ends with its own status and words', async () => {
    const { code, output, left } = await configured('nginx', 'echo "error: no compiler" >&2; exit 7', [
      rewrite,
    ]);
    expect(code).toBe(7);
    expect(telling('CONFIGURE_FAILED', output)).toEqual(['error: no compiler']);
    expect(left).toBe(false);
  });
});
