# Arguments: service
[ "$(systemctl show -p LoadState "$service.service")" = LoadState=not-found ] || systemctl disable "$service.service"
