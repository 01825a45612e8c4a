# Takes stdin from the FIFO in the directory $2.
exec <"$2/in"
rm -rf "$2"
