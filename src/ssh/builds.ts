/** Packages and builds as sh: install, upload, configure, make, pack, place, clean up. */

import type { BuildNeed, BuildRecipe, Tarball } from '../model/domain.ts';
import {
  installedList,
  sourceDirectory,
  stampPath,
  stateDirectory,
  unfinishedStamp,
} from '../model/layout.ts';
import type { Action, Pack } from '../model/plan.ts';
import type { Job, Meaning } from './actions.ts';
import { asideMark, lacksMark } from './advice.ts';
import { installText } from './packages.ts';
import { recording } from './record.ts';
import { quote } from './shell.ts';

const minute = 60_000;

/** Exit status of an upload that is not what was sent. */
export const damagedStatus = 65;

/**
 * Whatever ends a build early, its tree goes: the log tells all, and the disk may be what it lacked. A signal
 * comes twice, to the group and through `timeout`, and what sh then says of its child meets a closed pipe:
 * neither must end the cleaning.
 */
const orClean = `trap 'status=$?; [ "$status" = 0 ] || rm -rf ${sourceDirectory}; exit "$status"' EXIT
trap 'trap "" HUP INT TERM; exit 143' HUP INT TERM
trap : PIPE`;

export function upload(tarball: Tarball, bytes: Uint8Array): Job {
  const target = quote(`${sourceDirectory}/${tarball.name}`);
  return {
    script: `set -e
${orClean}
mkdir -p ${sourceDirectory}
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
export function fetchTarball(tarball: Tarball): Job {
  const target = quote(`${sourceDirectory}/${tarball.name}`);
  const other = 66;
  return {
    script: `set -e
${orClean}
mkdir -p ${sourceDirectory}
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

const buildDirectory = (recipe: BuildRecipe): string =>
  `${sourceDirectory}/${recipe.software}-${recipe.version}`;
const packFile = (pack: Pack): string => quote(`${sourceDirectory}/${pack.key}.tar.gz`);
const nameOf = (recipe: BuildRecipe): string => `${recipe.software} ${recipe.version}`;

/** What a finished ./configure has put into the build, one feature a line, below the build's directory. */
const featureFile = '.haup-features';
/** Exit status of a build that lacks what the configuration needs. */
const lackingStatus = 67;

export function configure(recipe: BuildRecipe, needs: readonly BuildNeed[]): Job {
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
${lacking(featureFile, needs)}`,
    timeoutMs: 10 * minute,
    lifeline: true,
    failure: 'CONFIGURE_FAILED',
    meaning: { [lackingStatus]: lacks(recipe) },
    what: `./configure of ${nameOf(recipe)}`,
  };
}

/** sh that ends the script when the build lacks a feature; a list that is empty is of a form that nobody knows. */
function lacking(list: string, needs: readonly BuildNeed[]): string {
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

const lacks = (recipe: BuildRecipe): Meaning => ({
  code: 'CONFIGURE_FAILED',
  message: `${nameOf(recipe)} would be built without what its configuration needs.`,
  hint: `Take out of ${recipe.software}.configure what leaves it out (--without-…, --disable-…), or add what brings it in (--with-…, --enable-…), and run haup apply again. What was installed before still runs.`,
});

export function build(step: 'make' | 'clean-build', recipe: BuildRecipe): Job {
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

/**
 * `make install` into a directory of its own, packed with the names of the packages whose libraries it
 * links. Directories outside the prefix are left out, since on the host they may be links (/lib, /usr/sbin).
 */
export function packBuild(recipe: BuildRecipe, pack: Pack): Job {
  const prefix = quote(recipe.prefix);
  return {
    script: `set -e
${orClean}
cd ${quote(buildDirectory(recipe))}
stage=$PWD/.haup-stage
rm -rf "$stage"
make install DESTDIR="$stage"
# A sample must never take the place of a configuration: keepalived's would start VRID 51 on eth0.
rm -f "$stage"${quote(recipe.entry)}
mkdir -p "$stage"${prefix} "$stage/.haup-pack"
cp ${featureFile} "$stage/.haup-pack/features"
printf '%s' ${quote(pack.stamp)} > "$stage"${quote(stampPath(recipe.prefix))}
find "$stage" -type f -perm /111 -exec ldd {} + 2>/dev/null | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p' | sort -u | while read -r library; do readlink -f "$library"; done | sort -u > "$stage/.haup-pack/libraries"
if command -v dpkg-query >/dev/null; then
  # On a merged /usr, dpkg knows some of them by their old path.
  { cat "$stage/.haup-pack/libraries"; sed -n 's|^/usr/lib|/lib|p' "$stage/.haup-pack/libraries"; } | xargs dpkg -S 2>/dev/null | sed 's/:.*//' | sort -u
elif command -v rpm >/dev/null; then xargs rpm -qf --qf '%{NAME}\\n' < "$stage/.haup-pack/libraries" | sort -u
fi > "$stage/.haup-pack/needs"
cd "$stage"
{ find ./.haup-pack; find .${prefix}; find . -path .${prefix} -prune -o -path ./.haup-pack -prune -o ! -type d -print; } > ../.haup-list
tar -czf ${packFile(pack)} --no-recursion --owner=0 --group=0 -T ../.haup-list`,
    timeoutMs: 5 * minute,
    failure: 'INSTALL_FAILED',
    what: `make install of ${nameOf(recipe)}`,
  };
}

/** Prints the pack that `packBuild` made. */
export const readPack = (recipe: BuildRecipe, pack: Pack): Job => ({
  script: `cat ${packFile(pack)}`,
  timeoutMs: 5 * minute,
  failure: 'INSTALL_FAILED',
  what: `fetching the build of ${nameOf(recipe)}`,
});

/**
 * Puts a pack in place: every file is first written beside its target, so that what can fail fails before
 * the first rename; the stamp comes last. Configuration that is there stays, as with `make install`; units
 * are haup's own.
 */
export function placeBuild(
  { recipe, pack, needs = [] }: Extract<Action, { readonly do: 'place-build' }>,
  bytes: Uint8Array,
): Job {
  const stamp = quote(stampPath(recipe.prefix));
  const list = quote(installedList(recipe.software, recipe.prefix));
  const unpacked = quote(`${sourceDirectory}/${pack.key}`);
  const targets = quote(`${sourceDirectory}/${pack.key}.targets`);
  const kept = quote(`${sourceDirectory}/${pack.key}.kept`);
  const eachTarget = (body: string): string => `while read -r t; do ${body}; done < ${targets}`;
  return {
    script: `set -e
trap 'status=$?
if [ "$status" != 0 ]; then
  [ ! -e ${targets} ] || ${eachTarget('rm -f "$t.haup-new"')}
  rm -rf ${stamp}.haup-new ${list}.new ${list}.now ${sourceDirectory}
fi
exit "$status"' EXIT
${recording}
mkdir -p ${sourceDirectory} ${stateDirectory}
cat > ${packFile(pack)}
rm -rf ${unpacked} ${targets}
mkdir ${unpacked}
tar -xzf ${packFile(pack)} --no-same-owner -C ${unpacked}
cd ${unpacked}
${lacking('.haup-pack/features', needs)}
${
  pack.manager === null
    ? ''
    : `if find . -type f -perm /111 -exec ldd {} + 2>/dev/null | grep -q 'not found'; then
${installText(pack.manager, '$(cat .haup-pack/needs)')}
fi`
}
find . -path ./.haup-pack -prune -o -type d -print | while read -r d; do case $d in */systemd|*/systemd/*) ;; *) directory "/\${d#./}" ;; esac; done
touch ${list}
: > ${kept}
find . -path ./.haup-pack -prune -o ! -type d -print | while read -r f; do
  t=/\${f#./}
  ours=
  if grep -qxF -- "$t" ${list}; then ours=yes; fi
  case $t in
    ${stamp}|*/systemd/system/*) continue ;;
    *.default) ;;
    /etc/*|*/conf/*|*/html/*) if [ -e "$t" ]; then [ -z "$ours" ] || printf '%s\\n' "$t" >> ${kept}; continue; fi ;;
  esac
  [ -n "$ours" ] || save "$t"
  printf '%s\\n' "$t"
done > ${targets}
${eachTarget('cp -dp ".$t" "$t.haup-new"')}
sort -u ${targets} ${kept} > ${list}.now
# Until the end it lists the old and the new: what is cut off leaves no file that nobody knows.
sort -u ${list} ${list}.now > ${list}.new
mv -f ${list}.new ${list}
# What is cut off from here on is known by this stamp to be unfinished.
printf ${unfinishedStamp} > ${stamp}.haup-new
mv -f ${stamp}.haup-new ${stamp}
${eachTarget('mv -f "$t.haup-new" "$t"')}
comm -23 ${list} ${list}.now | while read -r t; do rm -f "$t"; done
mv -f ${list}.now ${list}
cp -p .${stamp} ${stamp}.haup-new
mv -f ${stamp}.haup-new ${stamp}`,
    stdin: bytes,
    timeoutMs: 10 * minute,
    failure: 'INSTALL_FAILED',
    meaning: { [lackingStatus]: lacks(recipe) },
    what: `putting ${nameOf(recipe)} in place`,
  };
}
