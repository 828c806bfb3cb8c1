# What the acceptance scripts here have in common: commands with the exit codes that they must have, one line for each
# check. A script sets -u and REGCTL, sources this file, and ends with `report`.
: "${REGCTL:?}" "${HOME:?}"
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 1' HUP INT TERM
count=0 failures=0 assignment=

heading() { printf '\n## %s\n' "$1"; }

# verdict NAME STATUS: one line
verdict() {
  count=$((count + 1))
  if [ "$2" -eq 0 ]; then printf 'ok    %s\n' "$1"; return 0; fi
  failures=$((failures + 1))
  printf 'FAIL  %s\n' "$1"
  sed 's/^/      | /' "$out/stdout" "$out/stderr" 2>/dev/null | head -n 20
}

# run CODE NAME ARGUMENTS…: regctl (words are split) ends with this code
run() {
  wanted=$1 name=$2
  shift 2
  env ${assignment:+"$assignment"} $REGCTL "$@" >"$out/stdout" 2>"$out/stderr" </dev/null
  got=$?
  [ "$got" -eq "$wanted" ]
  verdict "$name (exit $got, wanted $wanted)" $?
}

# run_with NAME=VALUE CODE NAME ARGUMENTS…: the same with a variable in regctl's environment
run_with() {
  assignment=$1
  shift
  run "$@"
  assignment=
}

# says NAME PATTERN: what the last run printed, on either stream
says() {
  cat "$out/stdout" "$out/stderr" | grep -Eq -- "$2"
  verdict "$1" $?
}

# silent NAME PATTERN: it did not print that
silent() {
  ! cat "$out/stdout" "$out/stderr" | grep -Eq -- "$2"
  verdict "$1" $?
}

# same NAME ONE OTHER: two texts are equal, and not empty
same() {
  printf '%s\n%s\n' "$2" "$3" >"$out/stdout"
  : >"$out/stderr"
  [ -n "$2" ] && [ "$2" = "$3" ]
  verdict "$1" $?
}

# status NAME CODE CURL-ARGUMENTS…: the status of one HTTP request
status() {
  name=$1 wanted=$2
  shift 2
  got=$(curl -sS -o "$out/stdout" -w '%{http_code}' "$@" 2>"$out/stderr")
  [ "$got" = "$wanted" ]
  verdict "$name ($got, wanted $wanted)" $?
}

# digest REFERENCE: as the registry has it, or nothing
digest() { $REGCTL inspect "$1" --json 2>/dev/null </dev/null | sed -n 's/.*"digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' | head -n 1; }

# report: the last line, and the exit code
report() {
  printf '\n%d checks, %d failed\n' "$count" "$failures"
  [ "$failures" -eq 0 ]
}
