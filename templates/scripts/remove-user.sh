# Removes the user that haup created. userdel also removes the group of the same name, whoever made it: one that is not
# haup's is kept out of its reach. A group that was only intended is haup's when haup's user has it as his own.
# Arguments: user user_mark say_mark record_directory
# Needs: recording
set -e
was=$(getent passwd "$user" || true)
gid=$(getent group "$user" | cut -d : -f 3 || true)
case $was in *:"$user_mark":*) ours=yes ;; *) ours= ;; esac
own=
if [ -n "$gid" ]; then
  if grep -qxsF -- "$user" "$record_directory/groups"; then own=yes
  elif [ -n "$ours" ] && [ -n "$(intended groups "$user")" ] && [ "$(echo "$was" | cut -d : -f 4)" = "$gid" ]; then own=yes; fi
fi
if [ -n "$ours" ]; then
  if [ -n "$gid" ] && [ -z "$own" ]; then
    usermod --gid "$(getent group nogroup nobody | head -n 1 | cut -d : -f 1)" "$user"
  fi
  userdel "$user"
elif [ -n "$was" ]; then
  echo "${say_mark}the user $user is not the one that haup made, and stays"
  own=
fi
if [ -n "$own" ] && getent group "$user" >/dev/null; then
  if [ -z "$(getent group "$user" | cut -d : -f 4)" ] && groupdel "$user"; then :
  else echo "${say_mark}the group $user stays: others are in it"; fi
fi
forget users "$user"
forget groups "$user"
