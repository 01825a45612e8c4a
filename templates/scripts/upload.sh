# Keeps the tarball of stdin.
# Arguments: source_directory name sha256 damaged_status
# Needs: build-step source-directory
make_source_directory
target=$source_directory/$name
cat > "$target.part"
echo "$sha256  $target.part" | sha256sum -c --quiet || exit "$damaged_status"
mv "$target.part" "$target"
