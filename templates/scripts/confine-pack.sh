# Functions that end the script when a pack has something where its build may put no files, asked on the host that
# receives it, of what its own tar makes of it. The operator's machine has asked the same before (run/pack-strays.ts).
# `is_in_place PATH` comes from ssh/builds/confine-pack.ts. `notes`: what a pack says of itself, directory and files.
# Arguments: prefix notes package_name strays_status
newline='
'
stray() { printf '%s\n' "$1" >&2; exit "$strays_status"; }
# Names, before anything is unpacked.
confine_names() {
  tar -tzf "$1" > "$1.names" 2> "$1.said" || { cat "$1.said" >&2; return 1; }
  # tar changes some names by itself, and says so.
  if [ -s "$1.said" ]; then stray "$(head -n 1 "$1.said")"; fi
  sort "$1.names" | uniq -d | while IFS= read -r f; do stray "$f is in it twice"; done
  while IFS= read -r f; do
    case $f in /*) stray "$f is an absolute path" ;; esac
    f=${f#./}; f=/${f%/}
    case $f/ in
      */../*|*/./*|*//*|*[!A-Za-z0-9_.+@%:,=~/-]*) stray "$f is a name that no build has" ;;
      "$prefix"/*) continue ;;
    esac
    case $newline$notes$newline in *"$newline$f$newline"*) continue ;; esac
    is_in_place "$f" || stray "$f is not where its ./configure puts files"
  done < "$1.names"
}
# Of the pack $1, in the directory where it was unpacked, before anything is put in place.
confine_files() {
  find . ! -type d ! -type f ! -type l -print | while read -r f; do stray "$f is a device, or a FIFO"; done
  find . -type f -links +1 -print | while read -r f; do stray "$f is a hard link"; done
  find . -type f -perm /7002 -print | while read -r f; do stray "$f is setuid, setgid, or may be written by everybody"; done
  find ./.haup-pack -type l -print | while read -r f; do stray "$f is a link"; done
  if grep -vxE "$package_name" ./.haup-pack/needs; then stray "its needs are no names of packages"; fi
  find . -type l -print | while read -r f; do
    if grep -qF -- "${f#.}/" "$1.names"; then stray "$f is a link, with something below it"; fi
    to=$(readlink "$f")
    case $to in
      /*) at=; rest=$to ;;
      *)
        at=${f#.}; at=${at%/*}; rest=$to
        while [ "${rest#../}" != "$rest" ]; do rest=${rest#../}; at=${at%/*}; done
        rest=/$rest ;;
    esac
    # With .. further on, another link could be on the way up.
    case $rest/ in */../*|*/./*|*//*) stray "$f leads to $to" ;; esac
    is_in_place "$at$rest" || stray "$f leads to $to"
  done
}
# What is on the way there on this host. A link that root has laid is the operator's wish.
confine_way() {
  find . -path ./.haup-pack -prune -o ! -type d -print | while read -r f; do
    f=${f#.}
    if [ -d "$f" ] && [ ! -L "$f" ]; then stray "$f is a directory here"; fi
  done
  find . -path ./.haup-pack -prune -o -type d -print | while read -r d; do
    d=${d#.}
    if [ -L "$d" ] && [ "$(stat -c %u "$d")" != 0 ]; then stray "$d is a link that another user has laid"; fi
  done
}
