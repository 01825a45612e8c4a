# `make install` into a directory of its own, packed with the names of the packages whose libraries it links. Directories
# outside the prefix are left out, since on the host they may be links (/lib, /usr/sbin).
# Arguments: software directory prefix entry pack_file feature_file stamp_path stamp init_script init_settings
# Needs: build-step
cd "$directory"
stage=$PWD/.haup-stage
rm -rf "$stage"
make install DESTDIR="$stage"
# A sample must never replace a configuration: keepalived's would start VRID 51 on eth0.
rm -f "$stage$entry"
mkdir -p "$stage$prefix" "$stage/.haup-pack"
cp "$feature_file" "$stage/.haup-pack/features"
# copy_from_tree FROM TO: `make install` has no use for these here.
copy_from_tree() {
  [ -f "$1" ] || return 0
  mkdir -p "$stage${2%/*}"
  cp "$1" "$stage$2"
}
if [ "$software" = keepalived ]; then
  copy_from_tree keepalived/etc/init.d/keepalived "$init_script"
  copy_from_tree keepalived/etc/sysconfig/keepalived "$init_settings"
fi
printf %s "$stamp" > "$stage$stamp_path"
find "$stage" -type f -perm /111 -exec ldd {} + 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u |
  while read -r library; do readlink -f "$library"; done | sort -u > "$stage/.haup-pack/libraries"
if command -v dpkg-query >/dev/null; then
  # On a merged /usr, dpkg knows some of them by their old path.
  { cat "$stage/.haup-pack/libraries"; sed -n 's|^/usr/lib|/lib|p' "$stage/.haup-pack/libraries"; } |
    xargs dpkg -S 2>/dev/null | sed 's/:.*//' | sort -u
elif command -v rpm >/dev/null; then
  xargs rpm -qf --qf '%{NAME}\n' < "$stage/.haup-pack/libraries" | sort -u
fi > "$stage/.haup-pack/needs"
cd "$stage"
{
  find ./.haup-pack
  find ".$prefix"
  find . -path ".$prefix" -prune -o -path ./.haup-pack -prune -o ! -type d -print
} > ../.haup-list
tar -czf "$pack_file" --no-recursion --owner=0 --group=0 -T ../.haup-list
