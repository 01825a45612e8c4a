/** Builds as sh: upload, configure, make, clean up. */

import type { BuildNeed, BuildRecipe, Tarball } from '../../model/desired.ts';
import { initFeature, sourceDirectory } from '../../model/layout.ts';
import type { RemoteJob, Meaning } from '../remote-job.ts';
import { asideMark, lacksMark } from '../advice.ts';
import { quote } from '../../base/quote.ts';

const minute = 60_000;

/** Exit status of an upload that is not what was sent. */
export const damagedStatus = 65;

/** What lies there is run as root: nobody else may look in, or put anything there. */
export const makeSourceDirectory: string = `mkdir -p -m 700 ${sourceDirectory}`;

/**
 * Whatever ends a build early, its tree goes: the log tells all, and the disk may be what it lacked. A signal
 * comes twice, to the group and through `timeout`, and what sh then says of its child meets a closed pipe:
 * neither must end the cleaning.
 */
export const orClean: string = `trap 'status=$?; [ "$status" = 0 ] || rm -rf ${sourceDirectory}; exit "$status"' EXIT
trap 'trap "" HUP INT TERM; exit 143' HUP INT TERM
trap : PIPE`;

export function upload(tarball: Tarball, bytes: Uint8Array): RemoteJob {
  const target = quote(`${sourceDirectory}/${tarball.name}`);
  return {
    script: `set -e
${orClean}
${makeSourceDirectory}
cat > ${target}.part
echo ${quote(`${tarball.sha256}  ${sourceDirectory}/${tarball.name}.part`)} | sha256sum -c --quiet || exit ${damagedStatus}
mv ${target}.part ${target}`,
    stdin: bytes,
    timeoutMs: 10 * minute,
    failure: 'COMMAND_FAILED',
    what: `pushing ${tarball.name}`,
  };
}

/** The same, downloaded by the host: from the first URL that answers, and kept only when it is the right one. */
export function fetchTarball(tarball: Tarball): RemoteJob {
  const target = quote(`${sourceDirectory}/${tarball.name}`);
  const other = 66;
  return {
    script: `set -e
${orClean}
${makeSourceDirectory}
got=
for url in ${tarball.urls.map(quote).join(' ')}; do
  case $url in https:*) redirects=https ;; *) redirects=http,https ;; esac
  if curl -gfsSL --proto-redir "=$redirects" --connect-timeout 15 --max-time 300 -o ${target}.part "$url"; then got=$url; break; fi
  echo "from     $url" >&2
done
[ -n "$got" ] || exit 1
sum=$(sha256sum ${target}.part); sum=\${sum%% *}
if [ "$sum" != ${tarball.sha256} ]; then
  printf 'from     %s\\nexpected %s\\ngot      %s (%s bytes)\\n' "$got" ${tarball.sha256} "$sum" "$(stat -c %s ${target}.part)" >&2
  exit ${other}
fi
mv ${target}.part ${target}`,
    timeoutMs: 10 * minute,
    lifeline: true,
    failure: 'DOWNLOAD_FAILED',
    meaning: {
      [other]: {
        code: 'CHECKSUM_MISMATCH',
        message: `${tarball.name} is not what was expected, and was thrown away.`,
        hint: 'If you trust this file, put its sha256 into the inventory; else try another URL. What was installed before still runs.',
      },
    },
    what: `downloading ${tarball.name} on the host`,
  };
}

export const buildDirectory = (recipe: BuildRecipe): string =>
  `${sourceDirectory}/${recipe.software}-${recipe.version}`;
export const nameOf = (recipe: BuildRecipe): string => `${recipe.software} ${recipe.version}`;

/** What a finished ./configure has put into the build, one feature a line, below the build's directory. */
export const featureFile = '.haup-features';
/** Exit status of a build that lacks what the configuration needs. */
export const lackingStatus = 67;

export function configure(recipe: BuildRecipe, needs: readonly BuildNeed[]): RemoteJob {
  const directory = quote(buildDirectory(recipe));
  const features =
    recipe.software === 'nginx'
      ? `sed -n 's/^ *extern ngx_module_t *ngx_\\([a-z0-9_]*\\);.*/\\1/p' objs/ngx_modules.c`
      : `sed -n 's/^\\([A-Z][^:]*[^: ]\\) *: Yes *$/\\1/p' .haup-said`;
  return {
    // Always from a clean directory: nothing of an interrupted build is ever reused.
    script: `set -e
${orClean}
rm -rf ${directory}
mkdir -p ${directory}
tar -xzf ${quote(`${sourceDirectory}/${recipe.tarball.name}`)} --strip-components=1 --no-same-owner -C ${directory}
cd ${directory}
{ status=0; ./configure ${recipe.configure.map(quote).join(' ')} || status=$?; echo "$status" > .haup-status; } 2>&1 | tee .haup-said
status=$(cat .haup-status)
[ "$status" = 0 ] || {
  # What the compiler said, without the variables at the end of config.log.
  cat objs/autoconf.err config.log 2>/dev/null | sed '/^## Cache variables/,$d' | tail -n 60 | sed 's/^/${asideMark}/'
  exit "$status"
}
${features} > ${featureFile}
${recipe.software === 'keepalived' ? `[ ! -s ${featureFile} ] || [ ! -f keepalived/etc/init.d/keepalived ] || echo ${initFeature} >> ${featureFile}\n` : ''}${lacking(featureFile, needs)}`,
    timeoutMs: 10 * minute,
    lifeline: true,
    failure: 'CONFIGURE_FAILED',
    meaning: { [lackingStatus]: lacks(recipe) },
    what: `./configure of ${nameOf(recipe)}`,
  };
}

/** sh that ends the script when the build lacks a feature; a list that is empty is of a form that nobody knows. */
export function lacking(list: string, needs: readonly BuildNeed[]): string {
  const checks = needs.map(
    ({ feature, for: reason }) =>
      `grep -qxF -- ${quote(feature)} ${list} || { echo ${quote(`${lacksMark} ${feature}, which is needed for ${reason}`)} >&2; lacks=yes; }`,
  );
  return [
    'lacks=',
    `if [ -s ${list} ]; then :`,
    ...checks,
    'fi',
    `[ -z "$lacks" ] || exit ${lackingStatus}`,
  ].join('\n');
}

export const lacks = (recipe: BuildRecipe): Meaning => ({
  code: 'CONFIGURE_FAILED',
  message: `${nameOf(recipe)} would be built without what its configuration needs.`,
  hint: `Take out of ${recipe.software}.configure what leaves it out (--without-…, --disable-…), or add what brings it in (--with-…, --enable-…), and run haup apply again. What was installed before still runs.`,
});

export function build(step: 'make' | 'clean-build', recipe: BuildRecipe): RemoteJob {
  const directory = quote(buildDirectory(recipe));
  switch (step) {
    case 'make':
      return {
        script: `set -e\n${orClean}\ncd ${directory}\nmake -j"$(nproc)"`,
        timeoutMs: 30 * minute,
        lifeline: true,
        failure: 'MAKE_FAILED',
        what: `make of ${nameOf(recipe)}`,
      };
    case 'clean-build':
      return {
        script: `rm -rf ${sourceDirectory}`,
        timeoutMs: minute,
        failure: 'COMMAND_FAILED',
        what: `removing the build tree of ${nameOf(recipe)}`,
      };
  }
}
