import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { defaultRoots, hostPaths, labPaths } from '../../src/lab/names.ts';
import { haup, root } from './haup.ts';

/**
 * Installs packages of the machine's own distribution that the lab's pool has not: apt downloads what the image
 * lacks, and a host installs it from a directory, as it does from its pool. Hosts of flavour apt only.
 */
export async function installMore(
  lab: string,
  wanted: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const [first = ''] = Object.keys(wanted);
  const made: { readonly image: string } = JSON.parse(
    readFileSync(hostPaths(labPaths(defaultRoots, lab), first).made, 'utf8'),
  );
  const work = mkdtempSync('/var/tmp/haup-more-');
  try {
    mkdirSync(join(work, 'partial'));
    const settings = [
      `Dir::State::status=${join(defaultRoots.cache, 'images', made.image, 'root/var/lib/dpkg/status')}`,
      `Dir::Cache::archives=${work}`,
      'Debug::NoLocking=true',
      'APT::Install-Recommends=false',
      'APT::Sandbox::User=root',
    ].flatMap((one) => ['-o', one]);
    const names = [...new Set(Object.values(wanted).flat())];
    execFileSync('apt-get', ['-qq', '-y', ...settings, 'install', '--download-only', ...names], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 120_000,
    });
    execFileSync('sh', ['-ec', index], { cwd: work, timeout: 60_000 });
    await Promise.all(
      Object.entries(wanted).map(async ([host, packages]) => {
        const push = `tar -C ${work} -cf - . | ssh -F "$HAUP_SSH_CONFIG" ${host} '${install} ${packages.join(' ')} >&2'`;
        const { code, stderr } = await haup(['lab', 'exec', '--name', lab, '--', 'sh', '-c', push], {
          cwd: root,
        });
        if (code !== 0) throw new Error(`${packages.join(' ')} on ${host}: ${stderr}`);
      }),
    );
  } finally {
    rmSync(work, { recursive: true });
  }
}

const index = `rm -rf partial lock
for deb in *.deb; do
  # apt decodes the %3a of an epoch when it reads a file: URI.
  case $deb in *%3a*) mv "$deb" "$(echo "$deb" | sed 's/_[0-9]*%3a/_/')" ;; esac
done
for deb in *.deb; do
  dpkg-deb --field "$deb"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d ' ' -f 1)"
done > Packages`;

const install = `mkdir -p /srv/more && tar -xf - -C /srv/more &&
echo "deb [trusted=yes] file:/srv/more ./" > /etc/apt/sources.list.d/more.list &&
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Options::=--force-unsafe-io install`;
