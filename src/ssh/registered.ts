import { basename } from 'node:path/posix';
import type { FileWrite } from '../model/action.ts';
import { quote } from '../base/quote.ts';

/**
 * sh for after files were written or taken away: systemd reads again what of them is its own. Links by which
 * something that is gone was started go with it; and an init script counts only where nothing hides it.
 */
export function registered(files: readonly FileWrite[]): string {
  const scripts = files.filter(({ path }) => path.startsWith('/etc/init.d/'));
  const units = files.filter(({ path }) => /^\/etc\/systemd\/system\/[^/]+\.service$/.test(path));
  if (scripts.length === 0 && !files.some(({ path }) => path.startsWith('/etc/systemd/'))) return ':';
  const links = [
    ...units.map(({ path }) => `/etc/systemd/system/*.wants/${quote(basename(path))}`),
    ...scripts.flatMap(({ path }) =>
      ['/etc', '/etc/rc.d'].map((above) => `${above}/rc[0-9].d/[SK][0-9][0-9]${quote(basename(path))}`),
    ),
  ];
  const checks = scripts.flatMap(({ path, bytes }) => (bytes === 'absent' ? [] : [unhidden(path)]));
  return [
    ...(links.length === 0
      ? []
      : [`for l in ${links.join(' ')}; do if [ -L "$l" ] && [ ! -e "$l" ]; then rm -f "$l"; fi; done`]),
    'systemctl daemon-reload',
    ...checks,
  ].join('\n');
}

const unhidden = (script: string): string => {
  const unit = quote(`${basename(script)}.service`);
  return `used=$(systemctl show -p FragmentPath ${unit}); used=\${used#FragmentPath=}
case $used in
  /run/systemd/generator*) ;;
  '') echo 'systemd has made no unit of ${script}' >&2; exit 1 ;;
  *) echo "$used hides ${script}: systemd takes a unit of that name in place of it" >&2; exit 1 ;;
esac`;
};
