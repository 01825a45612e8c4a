// The hand-written script, bench/peers/by-hand.sh, and what it reads.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const script = join(import.meta.dirname, 'peers/by-hand.sh');

/** A command by a directory of rendered files, which gets the lists of the script. `tarballs`: for hosts that build. */
export function byHand({ hosts, files, software, packages, serviceOf, sshConfig, tarballs }) {
  return (rendered, { serial = false } = {}) => {
    for (const host of hosts) {
      const own = join(rendered, host, '.bench');
      mkdirSync(own, { recursive: true });
      const lines = (list) => list.map((words) => `${words.join(' ')}\n`).join('');
      writeFileSync(join(own, 'packages'), `${packages}\n`);
      writeFileSync(
        join(own, 'software'),
        lines(software.map(({ name, version, configure }) => [name, version, configure])),
      );
      writeFileSync(
        join(own, 'files'),
        lines(
          files
            .filter((file) => file.host === host)
            .map(({ path, mode, owner }) => [path, mode, owner, serviceOf(path)]),
        ),
      );
      if (tarballs)
        for (const { name, tarball } of software) copyFileSync(tarball, join(own, `${name}.tar.gz`));
    }
    return { argv: ['sh', script, serial ? 'serial' : 'parallel', rendered, sshConfig, ...hosts] };
  };
}
