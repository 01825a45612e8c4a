# What the host records about haup: what haup put there, who has its lock, drains, drills, graces, and files that a daemon
# has not read yet.
# Arguments: record_directory installed_lists drain_file drill_record drill_at_boot grace_directory unread_marks user_mark lock_file owner_file entrusted_script
# Needs: facts-format count-connections

# Paths that are recorded, or were intended.
recorded=
for kind in files users packages services units; do
  [ -f "$record_directory/$kind" ] || continue
  while IFS= read -r line; do
    printf 'record\t%s\t%s\n' "$kind" "$line"
    if [ "$kind" = files ]; then recorded=$recorded$line$newline; fi
  done < "$record_directory/$kind"
done
# A file that was only intended is haup's when it has the digest that was noted with it: whoever reads this decides.
intended=
if [ -f "$record_directory/intents" ]; then
  while IFS=$tab read -r kind thing identity; do
    case $kind in
      files)
        printf 'intent\t%s\t%s\n' "$thing" "$identity"
        intended=$intended$thing$newline
        ;;
      users) case $(exec getent passwd "$thing") in *:"$user_mark":*) printf 'record\tusers\t%s\n' "$thing" ;; esac ;;
    esac
  done < "$record_directory/intents"
fi
set +f
for list in "$installed_lists"*; do
  if [ -f "$list" ]; then printf 'record\tbuilds\t%s\n' "${list#"$installed_lists"}"; fi
done
set -f

# The lock ends with the process that has its file open, or with the script that this process left; its owner's name stays.
if [ -f "$owner_file" ]; then
  pid=
  while IFS= read -r line; do
    case $line in
      pid=*) pid=${line#pid=} ;;
      owner=*)
        # shellcheck disable=SC3013 # dash, bash and busybox have it.
        if [ "/proc/$pid/fd/9" -ef "$lock_file" ] || [ -e "$entrusted_script.now" ]; then
          printf 'lock\t%s\n' "${line#owner=}"
        fi
        ;;
    esac
  done < "$owner_file"
fi
first_line "$drain_file"
printf 'drain\t%s\n' "$line"
if [ -e "$drill_at_boot" ]; then
  printf 'drill\tdrain\n'
elif [ -e "$drill_record" ]; then
  first_line "$drill_record"
  printf 'drill\t%s\n' "${line%% *}"
fi
set +f
for grace in "$grace_directory"/[0-9]*; do
  [ -f "$grace" ] || continue
  # Part, interface, whether the address was added, the VIP, when the host's timer ends it, and since when it is served.
  first_line "$grace"
  IFS=' ' read -r up _ < /proc/uptime
  printf 'grace\t%s\t%s\n' "$line" "${up%.*}"
  case $line in
    'answer '*)
      vip=${line#answer * * }
      printf 'connections\t%s\t%s\n' "${vip%% *}" "$(count_connections "${vip%% *}")"
      ;;
  esac
done
set -f
for mark in $unread_marks; do
  if [ -e "$mark" ]; then printf 'unread\t%s\n' "$mark"; fi
done
