# The files of one state that the host keeps.
# Arguments: history_directory state
cd "$history_directory/$state/tree" && find . -type f | while IFS= read -r file; do
  printf 'text\t%s\t%s\n' "${file#.}" "$(base64 -w0 "$file")"
done
echo end
