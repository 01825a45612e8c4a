# Runs the command `$@` in the image.
# Arguments: $@
set -e
mount --rbind /dev build/dev
mount -t proc proc build/proc
exec chroot build "$@"
