# Puts the pack of stdin in place: every file is first written beside its target, so that whatever can fail fails before
# the first rename; the stamp comes last. Configuration that is there stays, as with `make install`; units are haup's
# own. The function `install_needs` installs the packages of its notes by the `package_manager`; empty: there is none.
# Arguments: source_directory unfinished_stamp pack_file stamp list package_manager
# Needs: recording source-directory check-features confine-pack
set -e
unpacked=${pack_file%.tar.gz}
targets=$unpacked.targets
kept=$unpacked.kept
clean() {
  status=$?
  if [ "$status" != 0 ]; then
    [ ! -e "$targets" ] || while read -r t; do rm -f "$t.haup-new"; done < "$targets"
    rm -rf "$stamp.haup-new" "$list.new" "$list.now" "$source_directory"
  fi
  exit "$status"
}
trap clean EXIT
make_source_directory
cat > "$pack_file"
rm -rf "$unpacked" "$targets"
mkdir "$unpacked"
confine_names "$pack_file"
tar -xzf "$pack_file" --no-same-owner -C "$unpacked"
cd "$unpacked"
confine_files "$pack_file"
confine_way
check_features .haup-pack/features
if [ -n "$package_manager" ] && find . -type f -perm /111 -exec ldd {} + 2>/dev/null | grep -q 'not found'; then
  install_needs
fi
find . -path ./.haup-pack -prune -o -type d -print | while read -r d; do
  case $d in */systemd|*/systemd/*) ;; *) directory "/${d#./}" ;; esac
done
touch "$list"
: > "$kept"
find . -path ./.haup-pack -prune -o ! -type d -print | while read -r f; do
  t=/${f#./}
  ours=
  if grep -qxF -- "$t" "$list"; then ours=yes; fi
  case $t in
    "$stamp"|*/systemd/system/*) continue ;;
    *.default) ;;
    /etc/*|*/conf/*|*/html/*) if [ -e "$t" ]; then [ -z "$ours" ] || printf '%s\n' "$t" >> "$kept"; continue; fi ;;
  esac
  [ -n "$ours" ] || save "$t"
  printf '%s\n' "$t"
done > "$targets"
# What is there under this name may be a link, through which cp would write.
while read -r t; do rm -f "$t.haup-new"; cp -dp ".$t" "$t.haup-new"; done < "$targets"
sort -u "$targets" "$kept" > "$list.now"
# Until the end it lists the old and the new: what is cut off leaves no file that is on no list.
sort -u "$list" "$list.now" > "$list.new"
mv -f "$list.new" "$list"
# This stamp marks whatever is cut off from here on as unfinished.
printf %s "$unfinished_stamp" > "$stamp.haup-new"
mv -f "$stamp.haup-new" "$stamp"
while read -r t; do mv -f "$t.haup-new" "$t"; done < "$targets"
if command -v restorecon >/dev/null; then xargs -d '\n' restorecon < "$targets" 2>/dev/null || true; fi
# What an earlier build had and this one has not: what it replaced comes back.
comm -23 "$list" "$list.now" | while read -r t; do give_back "$t"; done
mv -f "$list.now" "$list"
cp -p ".$stamp" "$stamp.haup-new"
# Before the stamp: with it nothing is left to do, and no later run would clean this up.
cd /
rm -rf "$source_directory"
mv -f "$stamp.haup-new" "$stamp"
