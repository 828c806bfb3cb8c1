#!/bin/sh
# What `regctl tunnel` promises, as commands with the exit codes that they must have. Prints one line for each check;
# ends with 1 when one failed. Needs curl.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   SERVER    an SSH server, [USER@]HOST[:PORT], that lets us in without a question
#   TO        a registry, HOST:PORT as the server sees it
#   DEAD      HOST:PORT where nothing listens, seen from the server
#   DENIED    an SSH server that allows no forwarding (optional)
#   CLOSED    an SSH server that does not let us in (optional)
#   LAYOUT    an OCI layout that holds `single` (one image)
#   HOME      a folder of its own
set -u
: "${LAYOUT:?}" "${SERVER:?}" "${TO:?}" "${DEAD:?}"
. "$(dirname "$0")/checks.sh"
trap '$REGCTL tunnel stop --all >/dev/null 2>&1; rm -rf "$out"' EXIT

# field NAME: of the document that the last run printed, the first of that name
field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p" "$out/stdout" | head -n 1; }

heading "Before there is one"
run 0 "the list is empty" tunnel list --json
says "and says so" '"items": ?\[\]'
run 5 "nothing to stop" tunnel stop
run 5 "nor by name" tunnel stop nobody@nowhere:22
run 5 "nor all" tunnel stop --all
run 5 "no log" tunnel logs nobody@nowhere:22
run 2 "a server is needed" tunnel
run 2 "that is one" tunnel -- true
run 2 "a destination that is none" tunnel "$SERVER" --to nonsense
run 2 "a port that is none" tunnel "$SERVER" --local-port 70000
run 2 "a forward that is none" tunnel "$SERVER" -L 1:2
run 6 "a name that nobody knows" tunnel no-such-host.invalid
says "by its name" 'no-such-host.invalid'

heading "In the background"
run 0 "it starts" tunnel "$SERVER" --to "$TO" --local-port 0 --detach --json
says "and is up" '"state": ?"up"'
says "and answers" '"healthy": ?true'
registry=$(field registry)
called=$(field name)
port=${registry##*:}
status "the registry is here" 200 "http://$registry/v2/"
run 0 "it is listed" tunnel list
says "by its registry" "$registry"
run 0 "and for programs" tunnel list --json
says "with its bytes" '"bytesDown": ?[1-9]'
says "and who started it" '"startedBy": ?"background"'
run 3 "a second one of the name is refused" tunnel "$SERVER" --to "$TO" -d
says "since it runs already" 'already'
run 3 "a port that is held" tunnel "$SERVER" --to "$TO" --name second --local-port "$port" -d
run 0 "another one beside it" tunnel "$SERVER" --to "$TO" --name second --local-port 0 -d
run 5 "a name that is nearly right" tunnel stop secnod
says "is offered" 'second'
run 0 "it goes by its name" tunnel stop second
run 0 "its log stays" tunnel logs second
says "and tells of the end" 'stop'

heading "Used by the others"
run 0 "the only live tunnel is the default registry" copy "oci:$LAYOUT:single" probe:1
run 0 "by name" ping "$registry"
run 0 "for the search too" search probe
says "which finds it" 'probe'
run 0 "--tunnel takes the one that runs" tags probe --tunnel "$SERVER" --json
says "and has the tag" '"tag": ?"1"'
run 2 "--tunnel and --registry do not go together" tags probe --tunnel "$SERVER" --registry "$registry"
run 0 "a command inside it" tunnel "$SERVER" -- sh -c 'test "$REGCTL_REGISTRY" = '"$registry"
run 7 "whose code is passed on" tunnel "$SERVER" -- sh -c 'exit 7'
run 0 "stopped" tunnel stop "$called"
run 5 "and gone" tunnel stop "$called"
status "the port is free" 000 "http://$registry/v2/"

heading "For one call"
run 0 "--tunnel opens one" tags probe --tunnel "$SERVER" --json
says "at the port that this server had" '"tag": ?"1"'
run 0 "and leaves none" tunnel list --json
says "behind" '"items": ?\[\]'
run 0 "a command has it to itself" tunnel "$SERVER" --to "$TO" -- sh -c 'curl -fsS "http://$REGCTL_REGISTRY/v2/_catalog"'
says "and its own output" 'probe'
run 0 "the same port as before" tunnel "$SERVER" --to "$TO" -- sh -c 'test "$REGCTL_REGISTRY" = '"$registry"
run 42 "its code" tunnel "$SERVER" --to "$TO" -- sh -c 'exit 42'
run 125 "a tunnel that cannot start" tunnel "$SERVER" --to "$DEAD" -- true
run 125 "a command that there is not" tunnel "$SERVER" --to "$TO" -- /no/such/program
run 0 "its flags are its own" tunnel "$SERVER" --to "$TO" -- echo --json --help
says "all of them" '^--json --help$'

heading "Killed"
run 0 "it starts again" tunnel "$SERVER" --to "$TO" --detach --json
pid=$(field pid)
same "at the same port" "$registry" "$(field registry)"
kill -KILL "$pid"
tries=0
while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
run 0 "the list does not lie" tunnel list --json
says "it is empty" '"items": ?\[\]'
run 0 "the next one starts" tunnel "$SERVER" --to "$TO" --detach --json
same "at the same port" "$registry" "$(field registry)"
run 0 "all of them stop" tunnel stop --all

heading "What can be wrong"
run 6 "nothing listens there" tunnel "$SERVER" --to "$DEAD"
says "and where" "$DEAD"
says "and who would answer" "--to [^ ]*:${TO##*:}"
if [ -n "${DENIED:-}" ]; then
  run 3 "forwarding is forbidden" tunnel "$DENIED" --to "$TO" --json
  says "by the server" 'SSH_FORWARD_DENIED'
fi
if [ -n "${CLOSED:-}" ]; then
  run 4 "nobody is let in" tunnel "$CLOSED" --to "$TO" --json
  says "by the server" 'SSH_AUTH_FAILED'
fi

report
