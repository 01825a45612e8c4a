# Runs on a host, with a tar of its files as standard input. Prints `changed:` and the services whose files changed.
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -C "$scratch" -x
read -r packages < "$scratch/.bench/packages"

if ! dpkg-query -W $packages >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -qq update && apt-get -qq install --no-install-recommends $packages; } >/dev/null
fi
for user in nginx keepalived_script; do
  id -u "$user" >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin "$user"
done

while read -r name version configure; do
  program=/usr/local/$name/sbin/$name
  case $("$program" -v 2>&1) in *"$version"*) continue ;; esac
  mkdir "$scratch/$name"
  tar -C "$scratch/$name" --strip-components=1 -xzf "$scratch/.bench/$name.tar.gz"
  (cd "$scratch/$name" && ./configure $configure && make -j"$(nproc)" && make install) >/dev/null 2>&1
done < "$scratch/.bench/software"

changed=
put() {
  if ! cmp -s "$scratch$1" "$1"; then
    mkdir -p "${1%/*}"
    cp "$scratch$1" "$1.new"
    chmod "$2" "$1.new"
    chown "$3" "$1.new"
    mv "$1.new" "$1"
    changed="$changed $4"
    case $1 in *.service) changed="$changed units" ;; esac
  fi
  [ "$(stat -c '0%a %U:%G' "$1")" = "$2 $3" ]
}
while read -r path mode owner service; do put "$path" "$mode" "$owner" "$service"; done < "$scratch/.bench/files"

case $changed in *units*) systemctl daemon-reload ;; esac
test_config() {
  "/usr/local/$1/sbin/$1" -t 2>/dev/null || [ $? = 143 ] # keepalived 2.2.7 ends its own test with SIGTERM
}
for service in nginx keepalived; do
  case $changed in *"$service"*) test_config "$service" ;; esac
  if ! systemctl -q is-enabled "$service" 2>/dev/null || ! systemctl -q is-active "$service"; then
    systemctl enable --now "$service" 2>/dev/null
  else
    case $changed in *"$service"*) systemctl reload "$service" ;; esac
  fi
done
echo "changed:$changed"
