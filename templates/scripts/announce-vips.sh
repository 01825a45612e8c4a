# Announces VIPs around the moment `at`, in milliseconds since the boot, and for `for_ms` after it.
# Arguments: at for_ms $@
# Needs: announce
announce "$at" "$for_ms" "$@"
