# Sets haup's own rules in nftables, or removes them. The script that was put there finds the chains, and its unit runs
# it again when nftables loads its rules.
# Arguments: rules nft_rules nft_script nft_unit
set -e
if [ -z "$rules" ]; then
  rm -f "$nft_rules"
  if [ -x "$nft_script" ] && command -v nft >/dev/null; then "$nft_script"; fi
  if [ -e "/etc/systemd/system/$nft_unit" ]; then systemctl disable --now "$nft_unit" 2>/dev/null; fi
else
  # By what the script sets, a later plan knows that the unit was there before it.
  printf '%s\n' "$rules" > "$nft_rules.new"
  mv -f "$nft_rules.new" "$nft_rules"
  systemctl enable "$nft_unit" 2>/dev/null
  systemctl start "$nft_unit" || { "$nft_script"; exit 1; }
  "$nft_script"
fi
