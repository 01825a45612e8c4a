# What this host is answered, a line for each answer: `own STATUS NAME` by its own nginx, `answer VIP WAY NAME` where the
# answer says who gave it, `connected VIP WAY` where it cannot, `missing PROGRAM` for what it could not ask with.
# A question is `answer VIP WAY PORT KIND NAME` (NAME may be -) or `connect VIP WAY PORT`.
# Arguments: health_port probe_path probe_header programs questions
for program in $programs; do
  command -v "$program" >/dev/null || printf 'missing\t%s\n' "$program"
done
ask() { curl --disable --noproxy '*' --insecure -s -o /dev/null -m 1 -D - "$@"; }
named() { tr -d '\r' | sed -n "s/^$probe_header: //Ip"; }
head=$(ask "http://127.0.0.1:$health_port$probe_path")
status=$?
printf 'own\t%s\t%s\n' "$status" "$(printf '%s\n' "$head" | named)"
while read -r how vip way port kind name; do
  case "$how $name" in
    'answer -') printf 'answer\t%s\t%s\t%s\n' "$vip" "$way" "$(ask "$kind://$vip:$port$probe_path" | named)" ;;
    'answer '*)
      answer=$(ask --resolve "$name:$port:$vip" "$kind://$name:$port$probe_path" | named)
      printf 'answer\t%s\t%s\t%s\n' "$vip" "$way" "$answer"
      ;;
    'connect '*)
      if timeout 1 bash -c ": </dev/tcp/$vip/$port" 2>/dev/null; then printf 'connected\t%s\t%s\n' "$vip" "$way"; fi
      ;;
  esac
done <<END
$questions
END
