#!/bin/sh
# What `regctl doctor` promises, as commands with the exit codes that they must have. Prints one line for each check;
# ends with 1 when one failed.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   REGISTRY  host:port: open to everybody, healthy, at an address where plain HTTP will do
#   HOME      a folder of its own
set -u
: "${REGISTRY:?}"
. "$(dirname "$0")/checks.sh"

heading "A healthy registry"
run 0 "nothing is wrong" doctor "$REGISTRY" --json
says "is said" '"ok": ?true'
says "and no cause is named" '"cause": ?null'
says "each check has its id" '"id": ?"tcp"'
silent "nothing failed" '"status": ?"failed"'
silent "and nothing is warned of" '"status": ?"warning"'
run 0 "for people" doctor "$REGISTRY"
says "it says so" 'Nothing is wrong'
run 0 "with a push that is cancelled" doctor "$REGISTRY" --write --json
says "which is one more check" '"id": ?"upload-size"'

heading "What is wrong is named, with what to type"
run 1 "nothing listens there" doctor 127.0.0.1:1 --json
says "the cause has a code" '"code": ?"REGISTRY_UNREACHABLE"'
says "what hangs on it was not reached" '"status": ?"skipped"'
run 1 "plain HTTP where HTTPS is wanted" doctor "$REGISTRY" --no-insecure --json
says "the cause is the protocol" '"code": ?"REGISTRY_PROTOCOL"'
says "and the cure is a command" '"regctl (setup insecure|use) '
run 1 "a name that nobody has" doctor no-such-name.invalid:5000 --json
says "is said of the name" '"code": ?"NAME_(UNKNOWN|UNANSWERED)"'
run 1 "for people" doctor 127.0.0.1:1
says "the most probable cause stands at the end" 'Most probably'
run 2 "no registry by that name" doctor under_score:5000

heading "This machine alone"
run 0 "without a registry it says what there is" doctor --json
says "of the engine" '"id": ?"engine"'

heading "Messages of other programs"
run 0 "a known one" doctor --explain 'Error response from daemon: Get "https://reg.example:5000/v2/": http: server gave HTTP response to HTTPS client'
says "has a cure" 'regctl setup insecure'
run 1 "an unknown one" doctor --explain 'the moon is made of cheese'
says "is said to be unknown" '[Uu]nknown|not known'
run 2 "an empty one" doctor --explain ''
run 2 "a text and a registry do not go together" doctor "$REGISTRY" --explain text

report
