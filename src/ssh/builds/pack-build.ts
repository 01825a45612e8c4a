/** Finished builds as sh: packed on the host that made them, put in place on each. */

import { dirname } from 'node:path/posix';
import type { BuildRecipe } from '../../model/desired.ts';
import {
  initSources,
  installedList,
  sourceDirectory,
  stampPath,
  unfinishedStamp,
} from '../../model/layout.ts';
import type { Action, Pack } from '../../model/action.ts';
import type { RemoteJob } from '../remote-job.ts';
import {
  buildDirectory,
  featureFile,
  lacking,
  lackingStatus,
  lacks,
  makeSourceDirectory,
  nameOf,
  orClean,
} from './build-steps.ts';
import { confining, strayed, straysStatus } from './confine-pack.ts';
import { lockMeaning } from '../packages/package-lock.ts';
import { installText } from '../packages/install-packages.ts';
import { recording } from '../recording.ts';
import { quote } from '../../base/quote.ts';

const minute = 60_000;
const packFile = (pack: Pack): string => quote(`${sourceDirectory}/${pack.key}.tar.gz`);

/**
 * `make install` into a directory of its own, packed with the names of the packages whose libraries it
 * links. Directories outside the prefix are left out, since on the host they may be links (/lib, /usr/sbin).
 */
export function packBuild(recipe: BuildRecipe, pack: Pack): RemoteJob {
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
${recipe.software === 'keepalived' ? initText(recipe) : ''}printf '%s' ${quote(pack.stamp)} > "$stage"${quote(stampPath(recipe.software, recipe.prefix))}
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

/** The init script and its settings, out of the tree that was built: `make install` has no use for them here. */
function initText({ prefix }: BuildRecipe): string {
  const { script, settings } = initSources(prefix);
  const copies = [
    ['keepalived/etc/init.d/keepalived', script],
    ['keepalived/etc/sysconfig/keepalived', settings],
  ] as const;
  return copies
    .map(
      ([from, to]) =>
        `if [ -f ${from} ]; then mkdir -p "$stage"${quote(dirname(to))}; cp ${from} "$stage"${quote(to)}; fi\n`,
    )
    .join('');
}

/** Prints the pack that `packBuild` made. */
export const readPack = (recipe: BuildRecipe, pack: Pack): RemoteJob => ({
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
  lockWait: number,
): RemoteJob {
  const stamp = quote(stampPath(recipe.software, recipe.prefix));
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
${confining(recipe)}
${makeSourceDirectory}
cat > ${packFile(pack)}
rm -rf ${unpacked} ${targets}
mkdir ${unpacked}
confined_names ${packFile(pack)}
tar -xzf ${packFile(pack)} --no-same-owner -C ${unpacked}
cd ${unpacked}
confined_files ${packFile(pack)}
confined_way
${lacking('.haup-pack/features', needs)}
${
  pack.manager === null
    ? ''
    : `if find . -type f -perm /111 -exec ldd {} + 2>/dev/null | grep -q 'not found'; then
${installText(pack.manager, '$(cat .haup-pack/needs)', lockWait)}
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
# What lies there under this name may be a link, through which cp would write.
${eachTarget('rm -f "$t.haup-new"; cp -dp ".$t" "$t.haup-new"')}
sort -u ${targets} ${kept} > ${list}.now
# Until the end it lists the old and the new: what is cut off leaves no file that nobody knows.
sort -u ${list} ${list}.now > ${list}.new
mv -f ${list}.new ${list}
# What is cut off from here on is known by this stamp to be unfinished.
printf ${unfinishedStamp} > ${stamp}.haup-new
mv -f ${stamp}.haup-new ${stamp}
${eachTarget('mv -f "$t.haup-new" "$t"')}
if command -v restorecon >/dev/null; then xargs -d '\\n' restorecon < ${targets} 2>/dev/null || true; fi
# What an earlier build had and this one has not: what it took the place of comes back.
comm -23 ${list} ${list}.now | while read -r t; do give_back "$t"; done
mv -f ${list}.now ${list}
cp -p .${stamp} ${stamp}.haup-new
# Before the stamp: with it nothing is left to do, and nobody would come back for this.
cd /
rm -rf ${sourceDirectory}
mv -f ${stamp}.haup-new ${stamp}`,
    stdin: bytes,
    timeoutMs: 10 * minute + lockWait * 1000,
    failure: 'INSTALL_FAILED',
    meaning: { [lackingStatus]: lacks(recipe), [straysStatus]: strayed(recipe), ...lockMeaning(lockWait) },
    what: `putting ${nameOf(recipe)} in place`,
  };
}
