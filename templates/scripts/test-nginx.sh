# Prints what nginx says about the staged configuration; its exit status is the script's.
# Arguments: binary entry
# Needs: stage-set

# Files that the set does not bring (mime.types) are read from where they are installed.
for f in "${entry%/*}"/*; do
  if [ -f "$f" ] && [ ! -e "$stage$f" ]; then cp -p "$f" "$stage$f"; fi
done
set +e
tested=1
"$binary" -t -c "$stage$entry" 2>&1
