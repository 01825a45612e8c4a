# Turns an image of Debian's packages into one of RPM packages, from within: every file of the image and of the pool goes
# into one RPM package. Packages of the image are registered as they are; the others become a repository. Then Debian's
# package management is removed. What it reads in the workshop:
#   installed, pool   lines of `RPM-PACKAGE DEBIAN-PACKAGE` and `RPM-PACKAGE FILE`
#   without           names of Debian packages that go
#   trees/NAME        the files of a package that Debian does not have
#   amend/NAME        sh to run in the tree of a package
#   installed.spec, pool.spec
# Arguments: workshop pool_mount
set -eu
cd "$workshop"
# Debian's rpm keeps its database in a home directory unless told otherwise.
mkdir -p /etc/rpm /etc/yum.repos.d lists trees amend empty waiting packed
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros

# On a merged /usr a file has two paths; RPM and readlink are to know the same one.
usr='s,^/(s?bin|lib(32|64|x32)?)(/|$),/usr/\1\3,'

while read -r name _; do mkdir -p "trees/$name"; done <pool
export pool_mount
# shellcheck disable=SC2016 # Its own arguments.
xargs -P "$(nproc)" -n 2 sh -ec 'dpkg-deb --extract "$pool_mount/$2" "trees/$1"' sh <pool
for tree in trees/*; do
  name=${tree#trees/}
  (
    cd "$tree"
    for dir in bin sbin lib lib32 lib64 libx32; do
      [ -d "$dir" ] || continue
      mkdir -p "usr/$dir"
      cp -al "$dir/." "usr/$dir"
      rm -r "$dir"
    done
    rm -rf usr/share/doc usr/share/man usr/share/info usr/share/locale usr/share/lintian
    [ ! -e "../../amend/$name" ] || sh -eu "../../amend/$name"
    find . -mindepth 1 -printf '%y /%P\n'
  ) | while read -r kind path; do
    case $kind$path in
      d*) [ -d "$path" ] || printf '%%dir "%s"\n' "$path" ;;
      ?/etc/*) printf '%%config(noreplace) "%s"\n' "$path" ;;
      *) printf '"%s"\n' "$path" ;;
    esac
  done >"lists/$name"
  cp -al "$tree/." waiting
done

while read -r name deb; do
  cat "/var/lib/dpkg/info/$deb.list" "/var/lib/dpkg/info/$deb":*.list 2>/dev/null |
    sed -E "$usr" | while read -r path; do
      # rpmbuild would take these for patterns.
      case $path in /. | *[][*?{}\"]*) continue ;; esac
      if [ -L "$path" ] || [ -f "$path" ]; then printf '%%ghost "%s"\n' "$path"
      elif [ -d "$path" ]; then printf '%%dir "%s"\n' "$path"; fi
    done >>"lists/$name"
done <installed
for list in lists/*; do sort -u -o "$list" "$list"; done
# Of files that are in place already, name and mode will do: rpmbuild reads what it finds.
sed -n 's/^%ghost "\(.*\)"$/\1/p' lists/* | sort -u | tr '\n' '\0' |
  (cd / && xargs -0 -r cp -a --attributes-only --parents -t "$workshop/empty")
sed -n 's,^%dir "/\(.*\)"$,empty/\1,p' lists/* | sort -u | tr '\n' '\0' | xargs -0 -r mkdir -p

# Packs what is there, as it is: nothing is compiled, stripped, compressed or looked for.
pack() {
  HOME=$PWD rpmbuild -bb --quiet --noclean --nodeps --buildroot="$PWD/$2" \
    --define "_topdir $PWD/out" --define "_rpmdir $PWD/packed/$1" \
    --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' --define '_build_id_links none' \
    --define 'debug_package %{nil}' --define '__spec_install_pre %{___build_pre}' \
    --define '__spec_install_post %{nil}' --define '__os_install_post %{nil}' --define '__check_files %{nil}' \
    --define '_empty_manifest_terminate_build 0' --define '_binary_payload w1.zstdio' "$1.spec"
}
pack pool waiting
pack installed empty
rpm -i --justdb --noscripts --nosignature --nodigest packed/installed/*.rpm
rm -rf "${pool_mount:?}"/*
mv packed/pool/*.rpm "$pool_mount"
createrepo_c --quiet "$pool_mount"

while read -r deb; do
  cat "/var/lib/dpkg/info/$deb.list" "/var/lib/dpkg/info/$deb":*.list 2>/dev/null | while read -r path; do
    # A link to a directory may be /bin itself.
    [ -d "$path" ] || rm -f "$path"
  done
done <without
rm -rf /etc/apt /etc/dpkg /usr/lib/apt /usr/lib/dpkg /usr/share/dpkg /var/lib/apt /var/lib/dpkg /var/cache/apt \
  /var/cache/debconf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /etc/debian_version

ln -sf dnf-3 /usr/bin/yum
# As on Red Hat's: init scripts are started at boot by chkconfig, which a package brings.
ln -sf ../../sbin/chkconfig /usr/lib/systemd/systemd-sysv-install
cat >/etc/dnf/dnf.conf <<'END'
[main]
gpgcheck=1
installonly_limit=3
clean_requirements_on_remove=True
best=True
skip_if_unavailable=False
END
cat >/etc/yum.repos.d/haup-lab.repo <<END
[haup-lab]
name=Packages of the lab
baseurl=file://$pool_mount
gpgcheck=0
END
# shellcheck disable=SC1091 # The image has it.
. /etc/os-release
cat >/usr/lib/os-release <<END
NAME="haup lab"
PRETTY_NAME="haup lab, a stand-in for Rocky Linux 9 (RPM packages made from $PRETTY_NAME)"
ID=rocky
ID_LIKE="rhel centos fedora"
VERSION_ID=9
VARIANT_ID=haup-lab
END
ln -sf ../usr/lib/os-release /etc/os-release
dnf --quiet makecache
rm -rf "$workshop" /var/log/dnf* /var/log/hawkey.log
