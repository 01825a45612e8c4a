/**
 * Whether a pack keeps to where its build may put files, as sh: asked on the host that receives it, of what its own
 * tar makes of it. The operator's machine has asked the same before (run/confine.ts).
 */

import type { BuildRecipe } from '../../model/desired.ts';
import { packageName, packNotes, packPlaces } from '../../base/pack-places.ts';
import type { Meaning } from '../remote-job.ts';
import { nameOf } from './build-steps.ts';
import { quote } from '../../base/quote.ts';

/** Exit status of a script that was given a pack with something in it that the build has not. */
export const straysStatus = 68;

export const strayed = (recipe: BuildRecipe): Meaning => ({
  code: 'INSTALL_FAILED',
  message: `The build of ${nameOf(recipe)} is not used: it has what its ./configure puts nowhere, or what is in its way on the host is not root's.`,
  hint: `Nothing of it was installed. The line above names the path. Give what belongs elsewhere a place below ${recipe.prefix} in ${recipe.software}.configure; if it is not of your build, look at the host that made it before you go on.`,
});

const notes = packNotes.names.map((name) => `${packNotes.directory}/${name}`);
/** A pattern of `case`, in which `*` stands for slashes too. */
const patternOf = (parts: readonly string[]): string =>
  parts.map((part) => (part === '' ? '' : quote(part))).join('*');

/** Functions: each ends the script when there is something that does not belong there. */
export const confining = (recipe: BuildRecipe): string => {
  const places = packPlaces(recipe).map(patternOf).join('|');
  const prefix = quote(recipe.prefix);
  return `stray() { printf '%s\\n' "$1" >&2; exit ${straysStatus}; }
# Names, before anything is unpacked.
confined_names() {
  tar -tzf "$1" > "$1.names" 2> "$1.said" || { cat "$1.said" >&2; return 1; }
  # It mends some names by itself, and says so.
  if [ -s "$1.said" ]; then stray "$(head -n 1 "$1.said")"; fi
  sort "$1.names" | uniq -d | while IFS= read -r f; do stray "$f is in it twice"; done
  while IFS= read -r f; do
    case $f in /*) stray "$f is an absolute path" ;; esac
    f=\${f#./}; f=/\${f%/}
    case $f/ in
      */../*|*/./*|*//*|*[!A-Za-z0-9_.+@%:,=~/-]*) stray "$f is a name that no build has" ;;
      ${packNotes.directory}/|${notes.map((note) => `${note}/`).join('|')}|${prefix}/*) continue ;;
    esac
    case $f in ${places}) ;; *) stray "$f is not where its ./configure puts files" ;; esac
  done < "$1.names"
}
# Of the pack $1, in the directory where it was unpacked, before anything is put in place.
confined_files() {
  find . ! -type d ! -type f ! -type l -print | while read -r f; do stray "$f is a device, or a FIFO"; done
  find . -type f -links +1 -print | while read -r f; do stray "$f is a hard link"; done
  find . -type f -perm /7002 -print | while read -r f; do stray "$f is setuid, setgid, or may be written by everybody"; done
  find .${packNotes.directory} -type l -print | while read -r f; do stray "$f is a link"; done
  if grep -vxE ${quote(packageName)} .${packNotes.directory}/needs; then stray "its needs are no names of packages"; fi
  find . -type l -print | while read -r f; do
    if grep -qF -- "\${f#.}/" "$1.names"; then stray "$f is a link, with something below it"; fi
    to=$(readlink "$f")
    case $to in
      /*) at=; rest=$to ;;
      *) at=\${f#.}; at=\${at%/*}; rest=$to; while [ "\${rest#../}" != "$rest" ]; do rest=\${rest#../}; at=\${at%/*}; done; rest=/$rest ;;
    esac
    # With .. further on, another link could be on the way up.
    case $rest/ in */../*|*/./*|*//*) stray "$f leads to $to" ;; esac
    case $at$rest in ${places}) ;; *) stray "$f leads to $to" ;; esac
  done
}
# What is on the way there on this host. A link that root has laid is the operator's wish.
confined_way() {
  find . -path .${packNotes.directory} -prune -o ! -type d -print | while read -r f; do
    f=\${f#.}
    if [ -d "$f" ] && [ ! -L "$f" ]; then stray "$f is a directory here"; fi
  done
  find . -path .${packNotes.directory} -prune -o -type d -print | while read -r d; do
    d=\${d#.}
    if [ -L "$d" ] && [ "$(stat -c %u "$d")" != 0 ]; then stray "$d is a link that another user has laid"; fi
  done
}`;
};
