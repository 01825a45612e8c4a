// suite: builds, all
import { expect, test } from 'vitest';
import { onHost, testLab } from './haup.ts';
import { fewerModules, lightKeepalived } from './light-builds.ts';
import { type Edit, fast, ownLab } from './own-lab.ts';

// Inventories and hosts as people have them, that are not like the example.
const lab = testLab('published');
const { inventory, apply, pending, inLab } = ownLab(lab, { installed: false });

/** What `nginx -V` of nginx.org's package says, without the paths that only that package has. */
const line =
  "--with-compat --with-http_ssl_module --with-http_v2_module --with-http_stub_status_module --with-threads --with-cc-opt='-g -O2 -ffile-prefix-map=/data/builder=. -fstack-protector-strong -Wformat -Werror=format-security -Wp,-D_FORTIFY_SOURCE=2 -fPIC' --with-ld-opt='-Wl,-z,relro -Wl,-z,now -Wl,--as-needed -pie'";
const published: Edit = (it) => {
  it.nginx['configure'] = `${line} ${fewerModules.join(' ')}` as never;
  it.keepalived.configure = [...it.keepalived.configure, ...lightKeepalived];
  for (const host of Object.values(it.hosts)) delete (host as Record<string, unknown>)['interface'];
  it.keepalived['prefix'] = '/opt/ha';
  it.nginx['prefix'] = '/opt/ha';
};

/** Takes iproute2 away. The lab's pool has only what its image does not, so the package is made again from the host's own. */
const withoutIp = `set -e
cd /root; mkdir -p repo/d/DEBIAN repo/d/usr/bin
cp "$(readlink -f "$(command -v ip)")" repo/d/usr/bin/ip
printf 'Package: iproute2\\nVersion: 99\\nArchitecture: all\\nMaintainer: haup <haup@example.org>\\nDescription: ip\\n' > repo/d/DEBIAN/control
dpkg-deb -b repo/d repo/iproute2.deb > /dev/null
sum=$(sha256sum repo/iproute2.deb)
{ cat repo/d/DEBIAN/control; printf 'Filename: ./iproute2.deb\\nSize: %s\\nSHA256: %s\\n' "$(stat -c %s repo/iproute2.deb)" "\${sum%% *}"; } > repo/Packages
echo 'deb [trusted=yes] file:/root/repo ./' > /etc/apt/sources.list.d/ip.list
dpkg --purge --force-depends iproute2 > /dev/null 2>&1
apt-get update > /dev/null 2>&1 || true
if command -v ip; then exit 1; fi`;

test('a host without ip, one prefix for both daemons, and the line of a published build', async () => {
  await onHost(lab, 'keep_136', withoutIp);
  const path = inventory(fast, published);
  const planned = await inLab(['plan', path]);
  expect(planned.code).toBe(3);
  expect(planned.stdout).toMatch(/not installed: [^+]*iproute2/);
  const applied = await apply(path);
  expect(applied.stdout).toMatch(/All is well/);
  expect(await pending(path)).toBe(0);
  const said = await onHost(lab, 'keep_136', 'command -v ip; /opt/ha/sbin/nginx -V 2>&1; ls -A /opt/ha');
  expect(said).toContain("--with-ld-opt='-Wl,-z,relro -Wl,-z,now -Wl,--as-needed -pie'");
  expect(said).toMatch(/^\.haup-build\.keepalived\n\.haup-build\.nginx$/m);
  const gone = await inLab(['uninstall', path, '--yes']);
  expect(gone).toMatchObject({ code: 0 });
  expect(await onHost(lab, 'keep_136', 'ls -d /opt/ha 2>&1 || true')).toMatch(/No such file/);
});
