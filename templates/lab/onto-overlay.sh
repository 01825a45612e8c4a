# Runs the command `$@` beside an empty overlay, whose upper directory becomes the image. `volatile` makes the thousands
# of fsyncs of package managers free: if the machine crashes, the image is built again.
# Arguments: directory $@
set -e
cd "$directory"
rm -rf work && mkdir work
mount -t overlay overlay -o volatile,lowerdir=empty,upperdir=root,workdir=work build || mount --bind root build
exec "$@"
