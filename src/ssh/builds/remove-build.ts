/** Taking away what haup put on a host, as sh: builds, users, and in the end the memory of it all. */

import { type Service, services } from '../../model/domain.ts';
import {
  installedList,
  recordDirectory,
  sayMark,
  stampPath,
  stateDirectory,
  stateNames,
  unreadMark,
} from '../../model/layout.ts';
import type { RemoteJob } from '../remote-job.ts';
import { recording } from '../recording.ts';
import { quote } from '../../base/quote.ts';

const minute = 60_000;

/** What nginx itself makes below its prefix while it runs. */
const madeByNginx = ['client_body_temp', 'fastcgi_temp', 'proxy_temp', 'scgi_temp', 'uwsgi_temp'];

export function removeBuild(service: Service, prefix: string): RemoteJob {
  const list = quote(installedList(service, prefix));
  const made = service === 'nginx' ? madeByNginx.map((name) => quote(`${prefix}/${name}`)).join(' ') : '';
  const logs = ['access.log', 'error.log'].map((name) => quote(`${prefix}/logs/${name}`)).join(' ');
  return {
    script: `set -e
${recording}
if [ -e ${list} ]; then
  while read -r t; do give_back "$t"; done < ${list}
fi
rm -f ${quote(stampPath(service, prefix))}
${
  made === ''
    ? ''
    : `# Only below a prefix that haup made: elsewhere they may be older than haup.
if grep -qxsF ${quote(prefix)} ${recordDirectory}/directories; then rm -rf ${made}; rm -f ${logs}; fi`
}
rm -f ${list}
empty_directories
[ ! -d ${quote(prefix)} ] || find ${quote(prefix)} ! -type d | head -n 5 | sed 's/^/${sayMark}not put there by haup, and left: /'`,
    timeoutMs: 5 * minute,
    failure: 'COMMAND_FAILED',
    what: `removing the ${service} under ${prefix}`,
  };
}

export function forget(): RemoteJob {
  return {
    script: `set -e
${recording}
empty_directories
rm -f ${services.map(unreadMark).join(' ')}
[ -d ${stateDirectory} ] || exit 0
cd ${stateDirectory}
rm -rf ${stateNames.join(' ')}
cd /
# What a machine has there that also has labs, and what others put there, stays.
rmdir ${stateDirectory} 2>/dev/null || find ${stateDirectory} -mindepth 1 -maxdepth 1 ! -name labs | sed 's/^/${sayMark}not put there by haup, and left: /'`,
    timeoutMs: minute,
    failure: 'COMMAND_FAILED',
    what: `removing ${stateDirectory}`,
  };
}
