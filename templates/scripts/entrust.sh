# Keeps the script of stdin for `finish`.
# Arguments: entrusted_script
( umask 077; cat > "$entrusted_script.new" ) && mv -f "$entrusted_script.new" "$entrusted_script"
