# Functions for what keep-state.sh writes: below the history directory each state has `about` (whose it is, and which
# paths it has, as JSON), `files` (a line for each path), `tree` (the files themselves) and `builds` (a line for each
# program). The programs are below `builds`, once for all states that have them, as hard links to the installed files:
# place-build and `make install` replace files and never write into them.
# Arguments: history_directory

# The numbers of the states, oldest first.
numbers() {
  # shellcheck disable=SC2010 # Other names are of no interest.
  ls "$history_directory" 2>/dev/null | grep -x '[0-9]*' | sort -n
}
# Whether `make install` too leaves the file alone where there is one.
is_configuration() {
  case $1 in
    *.default) return 1 ;;
    /etc/*|*/conf/*|*/html/*) return 0 ;;
    *) return 1 ;;
  esac
}
