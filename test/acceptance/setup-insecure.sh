#!/bin/sh
# What `regctl setup insecure` promises, as commands with the exit codes that they must have. Prints one line for each
# check; ends with 1 when one failed.
#
# Needs what setup-checks.sh says; REGISTRY speaks plain HTTP. Besides:
#   NOPASS WITHPASS POWERLESS   USER@HOST: sudo without a password, sudo with SUDO_PASSWORD, no sudo (optional)
set -u
. "$(dirname "$0")/setup-checks.sh"

clear_host "$json"

heading "The name is judged before any host hears of it"
for bad in host:5000/path '*.example:5000' 'a b' a:1,b:2 10.0.0.0/24:5000 host:99999 host: h_1:5000 ftp://h ''; do
  run 2 "refused: '$bad'" setup insecure "$bad" --on nobody.invalid
done
run 3 "refused: 0.0.0.0/0" setup insecure 0.0.0.0/0 --on nobody.invalid
run 3 "refused: ::/0" setup insecure ::/0 --on nobody.invalid
run 2 "refused: docker.io has no effect" setup insecure docker.io --on nobody.invalid
run 0 "127/8 is nothing to do" setup insecure 127.0.0.1:5000 --on nobody.invalid
says "and that is said" 'nothing to do'
run 2 "the form to type is told" setup insecure http://Host.example:5000/v2 --json --on nobody.invalid
says "as JSON with a code" '"code": ?"BAD_REGISTRY"'

heading "Which host"
run_with DOCKER_HOST=tcp://192.0.2.1:2375 3 "tcp:// is refused" setup insecure "$REGISTRY"
says "and --on is named" '--on'
run 2 "an unknown platform name" setup insecure "$REGISTRY" --platform windows-95 $(on)
run 6 "a host that is not there" setup insecure "$REGISTRY" --on nobody.invalid

heading "Plan"
run 0 "--dry-run" setup insecure "$REGISTRY" --dry-run $(on)
says "shows the evidence" 'systemd runs docker\.service'
says "shows the command" 'systemctl reload docker'
says "shows a unified diff" "^\+\+\+ $json"
there "and changes nothing" "[ ! -e $json ] && [ ! -e /var/lib/regctl ]"
run 10 "--dry-run --exit-code: pending" setup insecure "$REGISTRY" --dry-run --exit-code $(on)
run 0 "--print" setup insecure "$REGISTRY" --print $(on)
says "is for pasting" '^sudo systemctl reload docker$'

heading "Apply and prove"
before=$($THERE "$state" </dev/null)
run 0 "setup insecure, without a terminal and unasked" setup insecure "$REGISTRY" --json $(on)
says "changed" '"changed": ?true'
says "by reload" '"applied": ?"reload"'
says "proved" '"proved": ?true'
there "the engine lists it" "$(lists)"
[ "$($THERE "$state" </dev/null)" = "$before" ]
verdict "the same daemon, the same containers" $?
there "the journal is root's alone" '[ "$(stat -c %a /var/lib/regctl)" = 700 ]'
sum=$($THERE "stat -c '%i %Y' $json; sha256sum $json" </dev/null)
run 0 "a second run says already" setup insecure "$REGISTRY" --json $(on)
says "already" '"nothing": ?"already"'
says "unchanged" '"changed": ?false'
[ "$($THERE "stat -c '%i %Y' $json; sha256sum $json" </dev/null)" = "$sum" ]
verdict "and touches no file" $?
run 0 "pending no more" setup insecure "$REGISTRY" --dry-run --exit-code $(on)

heading "Look"
run 0 "setup status" setup status "$REGISTRY" --json $(on)
says "configured" '"configured": ?true'
says "effective" '"effective": ?true'
says "owned by the file" '"owner": ?"file"'

heading "Undo"
run 0 "setup undo" setup undo "$REGISTRY" --json $(on)
says "proved" '"proved": ?true'
there "the engine has forgotten it" "! $(lists)"
there "the file that was not there is not there" "[ ! -e $json ]"
[ "$($THERE "$state" </dev/null)" = "$before" ]
verdict "the same daemon, the same containers" $?
run 0 "undo again is nothing to do" setup undo "$REGISTRY" $(on)
run 2 "undo of nothing in particular" setup undo $(on)

heading "Owners, modes, links and foreign text survive"
$THERE "mkdir -p /etc/docker/real; printf '{\n\t\"debug\": false,\n\t\"labels\": [\"a=b\"]}' >/etc/docker/real/d.json
  chmod 640 /etc/docker/real/d.json; ln -s real/d.json $json; sha256sum </etc/docker/real/d.json >/tmp/acceptance.sum" </dev/null
run 0 "setup through a link" setup insecure "$REGISTRY" $(on)
there "the link is a link, the mode is kept" "[ -L $json ] && [ \"\$(stat -L -c %a $json)\" = 640 ]"
run 0 "undo --last" setup undo --last $(on)
there "byte for byte" "sha256sum </etc/docker/real/d.json | cmp -s - /tmp/acceptance.sum"
$THERE "rm -rf $json /etc/docker/real /tmp/acceptance.sum" </dev/null

heading "What must not be touched"
# broken NAME TEXT: refused with the place, and the file stays
broken() {
  $THERE "printf '%s' '$2' >$json" </dev/null
  run 3 "refused: $1" setup insecure "$REGISTRY" $(on)
  says "with line and column" 'line [0-9]+, column [0-9]+'
  there "and the file stays" "[ \"\$(cat $json)\" = '$2' ]"
}
broken "no JSON" '{"debug": false,}'
broken "the singular key" '{"insecure-registry": ["a:1"]}'
broken "a key twice" '{"insecure-registries": [], "insecure-registries": []}'
broken "no list" '{"insecure-registries": "a:1"}'
broken "an entry that the engine would refuse" '{"insecure-registries": ["http://a:1/"]}'
$THERE "rm -f $json" </dev/null

heading "Rights"
if [ -n "${NOPASS:-}" ]; then
  run 0 "sudo -n" setup insecure "$REGISTRY" --on "$NOPASS"
  run 0 "and back" setup undo "$REGISTRY" --on "$NOPASS"
fi
if [ -n "${WITHPASS:-}" ]; then
  run 4 "sudo wants a password and nobody is asked" setup insecure "$REGISTRY" --on "$WITHPASS"
  run_with REGCTL_SUDO_PASSWORD=wrong-one 4 "a wrong password" setup insecure "$REGISTRY" --on "$WITHPASS"
  run_with "REGCTL_SUDO_PASSWORD=$SUDO_PASSWORD" 0 "the right one" setup insecure "$REGISTRY" --on "$WITHPASS"
  run_with "REGCTL_SUDO_PASSWORD=$SUDO_PASSWORD" 0 "and back" setup undo "$REGISTRY" --on "$WITHPASS"
fi
if [ -n "${POWERLESS:-}" ]; then
  run 4 "no sudo: the commands to paste" setup insecure "$REGISTRY" --on "$POWERLESS"
  says "are there" 'sudo tee .*daemon\.json|sudo systemctl reload docker'
  there "and nothing changed" "[ ! -e $json ]"
fi

heading "Many hosts"
printf '# hosts\n%s\n\n%s # twice\n' "$TARGET" "$TARGET" >"$out/hosts"
run 6 "one host that fails stops no other; the common code" setup insecure "$REGISTRY" --json --on "@$out/hosts" --on nobody.invalid
says "the document says so" '"ok": ?false'
there "the other one is set up" "$(lists)"
run 0 "and back" setup undo "$REGISTRY" $(on)

report
