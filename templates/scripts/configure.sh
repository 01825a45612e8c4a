# Unpacks a tarball and runs ./configure with the words; always in a clean directory: nothing of an interrupted build is
# reused. `aside` begins lines that are for the log alone.
# Arguments: software directory tarball feature_file init_feature aside $@
# Needs: build-step check-features
rm -rf "$directory"
mkdir -p "$directory"
tar -xzf "$tarball" --strip-components=1 --no-same-owner -C "$directory"
cd "$directory"
{ status=0; ./configure "$@" || status=$?; echo "$status" > .haup-status; } 2>&1 | tee .haup-said
status=$(cat .haup-status)
[ "$status" = 0 ] || {
  # What the compiler said, without the variables at the end of config.log.
  cat objs/autoconf.err config.log 2>/dev/null | sed '/^## Cache variables/,$d' | tail -n 60 | sed "s/^/$aside/"
  exit "$status"
}
case $software in
  nginx) sed -n 's/^ *extern ngx_module_t *ngx_\([a-z0-9_]*\);.*/\1/p' objs/ngx_modules.c ;;
  *) sed -n 's/^\([A-Z][^:]*[^: ]\) *: Yes *$/\1/p' .haup-said ;;
esac > "$feature_file"
if [ "$software" = keepalived ] && [ -s "$feature_file" ] && [ -f keepalived/etc/init.d/keepalived ]; then
  echo "$init_feature" >> "$feature_file"
fi
check_features "$feature_file"
