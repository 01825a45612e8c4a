/** What to do next about a command that failed on a host, and which of its lines tell why. Pure. */

import { maskSecrets } from '../base/masking.ts';
import type { FileWant } from '../model/desired.ts';
import type { Service } from '../model/domain.ts';
import type { ErrorCode } from '../model/errors.ts';

/** Begins what is for the log alone. */
export const asideMark = '| ';
/** Begins a line that says what a build would lack. */
export const lacksMark = 'this build lacks';

/** yum of CentOS 7 and dnf of CentOS 8 on mirrors that are gone. */
const mirrorsGone =
  /Cannot find a valid baseurl for repo: \S+\/7\/|Could not retrieve mirrorlist \S+[?&]release=7\b|internal mirrorlist: No URLs in mirrorlist/;

/** The lines that say why, where a command says much else besides. */
const reasons: Partial<Record<ErrorCode, RegExp>> = {
  PACKAGES_FAILED:
    /^(E: |dpkg: error|Error: |No package |No match |Could not retrieve mirrorlist |Cannot find a valid baseurl )/,
  CONFIGURE_FAILED: new RegExp(`^${lacksMark} `),
};

/** The lines of a failed command that an error repeats, at most 15, none twice in a row. */
export function telling(code: ErrorCode, output: string): readonly string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(asideMark));
  // What several compilers say at once goes on after the first error, and ends with its consequences.
  const first = code === 'MAKE_FAILED' ? lines.findIndex((line) => /\berror: /.test(line)) : -1;
  if (first >= 0) return lines.slice(first, first + 15);
  const pattern = reasons[code];
  const chosen = pattern === undefined ? [] : lines.filter((line) => pattern.test(line));
  const shown = chosen.length > 0 ? [...new Set(chosen)] : lines;
  return shown.filter((line, index) => line !== shown[index - 1]).slice(-15);
}

/** Null: the message says it all. */
export function adviceOn(code: ErrorCode, output: string): string | undefined {
  if (/Read-only file system/.test(output)) {
    return 'A file system of the host is read-only: findmnt -O ro there names it, journalctl -k says why. Fix it (mount -o remount,rw DIRECTORY) and run haup apply again.';
  }
  switch (code) {
    case 'DOWNLOAD_FAILED':
      return 'Name a mirror that the host reaches under urls: in the inventory, or write fetch: controller, and this machine downloads. What was installed before still runs.';
    case 'PACKAGES_FAILED':
      if (mirrorsGone.test(output)) {
        return 'This CentOS release is past its end of life, and its mirrors are gone. Write packages: { vault: true } in the inventory, so that its repo files point at the vault, and run haup apply again.';
      }
      return /libpcre3-dev|\bpcre-devel\b/.test(output)
        ? 'nginx older than 1.21.5 needs the headers of PCRE1, and the host has no source for them. Set nginx.version to 1.22.1 or newer, which use PCRE2.'
        : 'Fix what the package manager names above: its sources, its lock, or the name of a package. Then run haup apply again.';
    case 'CONFIGURE_FAILED':
      return /not in gzip format|does not look like a tar archive/.test(output)
        ? 'The download is not a .tar.gz: correct urls: and sha256: in the inventory.'
        : 'Correct configure: in the inventory, or install on the host what it lacks; then run haup apply again. What was installed before still runs.';
    case 'MAKE_FAILED':
    case 'INSTALL_FAILED':
      return 'The log named above has the whole build. Fix the cause, or choose another version; then run haup apply again. What was installed before still runs.';
    case 'SERVICE_FAILED':
      return /Address already in use/.test(output)
        ? 'Another program has that port: ss -ltnp on the host names it. Stop it, or change listen: in the inventory; then run haup apply again.'
        : 'Its output above says why; journalctl -u keepalived -u nginx on the host has all of it. Fix that and run haup apply again.';
    default:
      return undefined;
  }
}

/** About a configuration that did not pass its test. */
export function adviceOnConfig(service: Service, complaints: readonly string[]): string {
  if (service === 'nginx') {
    return 'Fix the inventory, or the site file that it names, and run haup apply again. What runs was not touched.';
  }
  return complaints.some((line) => /insecure|Unsafe permissions/i.test(line))
    ? 'keepalived runs no script that users other than root can change. Remove write permission for group and others from /var/lib, /var/lib/haup, /usr/libexec and /usr/libexec/keepalived on the host, then run haup apply again.'
    : 'Fix the inventory and run haup apply again. What runs was not touched.';
}

/** A place in a file, as nginx and as keepalived name it. */
const places = [/ in (\/\S+):(\d+)$/, /\((\/[^:)]+): Line (\d+)\)/];

/** Each complaint with the line of the file that it is about; passwords are masked. */
export function withLines(complaints: readonly string[], files: readonly FileWant[]): readonly string[] {
  return complaints.flatMap((complaint) => {
    const [, path, number] =
      places.map((place) => place.exec(complaint)).find((match) => match !== null) ?? [];
    const file = files.find((one) => one.path === path);
    const line = file && Buffer.from(file.bytes).toString('utf8').split('\n')[Number(number) - 1];
    if (line === undefined || line.trim() === '') return [complaint];
    const shown = maskSecrets(line.trim());
    return [complaint, `  ${number} | ${shown.length > 100 ? `${shown.slice(0, 99)}…` : shown}`];
  });
}
