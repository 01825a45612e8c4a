/**
 * The part of the facts script that asks which version of a package would be installed. Only of packages that
 * are not: to ask takes a second with dnf, and up to its limit where another run is at work.
 */

const limitSeconds = 10;

/** `names`: quoted for sh; empty: nothing is asked. The text for hosts with dpkg, and for hosts with rpm. */
export function offersScript(names: string): { readonly deb: string; readonly rpm: string } {
  if (names === '') return { deb: '', rpm: '' };
  const deb = `  wanted=; for p in ${names}; do [ "$(dpkg-query -W -f='\${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || wanted="$wanted $p"; done
  [ -z "$wanted" ] || apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy $wanted 2>/dev/null | while read -r key value; do
    case $key in Installed:) ;; Candidate:) printf 'offered\\t%s\\t%s\\n' "$of" "$value" ;; *:) of=\${key%:} ;; esac
  done
`;
  // Out of what the host has in its cache: a look must not download. dnf 5 ends no line by itself; yum prints rows
  // of name.arch, version and repository below a heading of two words.
  const rpm = `  wanted=; for p in ${names}; do rpm -q --quiet "$p" || wanted="$wanted $p"; done
  [ -z "$wanted" ] || if command -v dnf >/dev/null; then
    timeout ${limitSeconds} dnf -q -C repoquery --latest-limit=1 --qf '%{name}.%{arch} %{evr} repository\\n' $wanted
  else timeout ${limitSeconds} yum -q -C list available $wanted; fi 2>/dev/null | while read -r name version repository; do
    [ -z "$repository" ] || printf 'offered\\t%s\\t%s\\n' "\${name%.*}" "$version"
  done
`;
  return { deb, rpm };
}
