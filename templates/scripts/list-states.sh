# The states that a host keeps, newest first; of each its description, its files and its builds.
# Arguments: history_directory
if cd "$history_directory" 2>/dev/null; then
  # shellcheck disable=SC2010 # Other names are of no interest.
  for state in $(ls | grep -x '[0-9]*' | sort -rn); do
    printf 'state\t%s\t%s\n' "$state" "$(base64 -w0 "$state/about")"
    sed "s/^/file\t$state\t/" "$state/files"
    while IFS='	' read -r service id rest; do
      kept=-
      if [ -d "builds/$service.$id" ]; then kept=kept; fi
      printf 'build\t%s\t%s\t%s\t%s\t%s\n' "$state" "$kept" "$service" "$id" "$rest"
    done < "$state/builds"
  done
fi
echo end
