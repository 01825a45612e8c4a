# Downloads a tarball from the first URL (the words) that answers, and keeps it only when it is the right one.
# Arguments: source_directory name sha256 other_status $@
# Needs: build-step source-directory
make_source_directory
target=$source_directory/$name
got=
for url in "$@"; do
  case $url in https:*) redirects=https ;; *) redirects=http,https ;; esac
  if curl -gfsSL --proto-redir "=$redirects" --connect-timeout 15 --max-time 300 -o "$target.part" "$url"; then got=$url; break; fi
  echo "from     $url" >&2
done
[ -n "$got" ] || exit 1
sum=$(sha256sum "$target.part"); sum=${sum%% *}
if [ "$sum" != "$sha256" ]; then
  printf 'from     %s\nexpected %s\ngot      %s (%s bytes)\n' "$got" "$sha256" "$sum" "$(stat -c %s "$target.part")" >&2
  exit "$other_status"
fi
mv "$target.part" "$target"
