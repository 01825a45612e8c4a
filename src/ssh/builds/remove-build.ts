/** Removing what haup put on a host: builds, and in the end the memory of it all. */

import { type Service, services } from '../../model/domain.ts';
import { installedList, stampPath, stateDirectory, stateNames, unreadMark } from '../../model/layout.ts';
import { hostScript } from '../../base/host-script.ts';
import { minute, type RemoteJob } from '../remote-job.ts';

/** What nginx itself makes below its prefix while it runs. */
const madeByNginx =
  'client_body_temp fastcgi_temp proxy_temp scgi_temp uwsgi_temp logs/access.log logs/error.log'.split(' ');

export const removeBuild = (service: Service, prefix: string): RemoteJob => ({
  script: hostScript(
    'remove-build',
    { prefix, list: installedList(service, prefix), stamp: stampPath(service, prefix) },
    service === 'nginx' ? madeByNginx.map((name) => `${prefix}/${name}`) : [],
  ),
  timeoutMs: 5 * minute,
  failure: 'COMMAND_FAILED',
  what: `removing the ${service} under ${prefix}`,
});

export const forget = (): RemoteJob => ({
  script: hostScript('forget-host', { own: stateNames, unread_marks: services.map(unreadMark) }),
  timeoutMs: minute,
  failure: 'COMMAND_FAILED',
  what: `removing ${stateDirectory}`,
});
