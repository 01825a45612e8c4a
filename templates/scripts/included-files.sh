# included_files START KNOWN, in a subshell: prints each file that a daemon reads, and each pattern that it includes.
# START has a line for each daemon and file: pid, service, directory of the file that the daemon reads first, path. Only
# files of the list KNOWN are opened, since awk may end when it is given a directory: any other include is printed as a
# pattern.
included_files() {
  start=$1
  # In a here-document a long list would cost dash a process.
  # shellcheck disable=SC2086 # An item a line.
  set -- $2
  exec awk '
function follow(pid, service, directory, path, depth,  line, pieces, count, i, pattern) {
  # Types and parameters that every nginx has.
  if (depth > 8 || (pid, path) in followed || path ~ /(\/mime\.types|_params|\/fastcgi\.conf)$/) return
  followed[pid, path] = 1
  print "read\t" pid "\t" path
  while ((getline line < path) > 0) {
    sub(service == "nginx" ? "#.*" : "[#!].*", "", line)
    count = service == "nginx" ? split(line, pieces, "[;{}]") : split(line, pieces, "\n")
    for (i = 1; i <= count; i++) {
      pattern = pieces[i]
      if (service == "nginx") {
        if (!sub(/^[ \t]*include[ \t]+/, "", pattern)) continue
        sub("^[\"\047]", "", pattern)
        sub("[\"\047].*", "", pattern)
        sub(/[ \t]+$/, "", pattern)
      } else {
        if (!sub(/^[ \t]*include[a-z]*[ \t]+/, "", pattern)) continue
        sub("^[\"\047]", "", pattern)
        sub("[\"\047 \t].*", "", pattern)
      }
      if (pattern == "") continue
      # keepalived looks beside the file that includes, nginx beside the one that it reads first.
      if (pattern !~ /^\//) pattern = (service == "nginx" ? directory : beside(path)) pattern
      if (pattern in known) follow(pid, service, directory, pattern, depth + 1)
      else print "pattern\t" pid "\t" service "\t" directory "\t" pattern
    }
  }
  close(path)
}
function beside(path) {
  sub("[^/]*$", "", path)
  return path
}
BEGIN {
  for (i = 2; i < ARGC; i++) known[ARGV[i]] = 1
  starts = split(ARGV[1], start, "\n")
  for (i = 1; i <= starts; i++) if (split(start[i], field, "\t") == 4) known[field[4]] = 1
  for (i = 1; i <= starts; i++) {
    if (split(start[i], field, "\t") == 4) follow(field[1], field[2], field[3], field[4], 0)
  }
}' "$start" "$@"
}
