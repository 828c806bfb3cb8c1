#!/bin/sh
# What `regctl serve` promises, as commands with the exit codes that they must have. Prints one line for each check;
# ends with 1 when one failed. Needs curl; skopeo and docker are used where they are.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   LAYOUT    an OCI layout that holds `multi` (an index) and `single` (one image)
#   DAMAGE    a command that spoils the newest blob below the folder it is given (optional)
#   HOME      a folder of its own
set -u
: "${LAYOUT:?}"
. "$(dirname "$0")/checks.sh"
store=$out/store
trap '$REGCTL serve stop --storage "$store" >/dev/null 2>&1; $REGCTL serve stop --storage "$out/second" >/dev/null 2>&1; rm -rf "$out"' EXIT

# url: of the document that the last run printed
url() { sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$out/stdout" | head -n 1; }

heading "In the background"
run 5 "none runs" serve status --storage "$store"
run 0 "it starts" serve --detach --listen 127.0.0.1:0 --storage "$store" --json
says "and tells where" '"url"'
url=$(url)
host=${url#http://}
run 0 "and its state" serve status --storage "$store" --json
says "with a count of repositories" '"repositories": ?0'
run 3 "a second one on the same storage is refused" serve --detach --listen 127.0.0.1:0 --storage "$store"
run 3 "a port that is taken" serve --detach --listen "$host" --storage "$out/second"
run 2 "an open address wants a yes" serve --detach --listen 0.0.0.0:0 --storage "$out/second"
says "and names the flag" '--yes'

heading "What a registry says"
status "the base" 200 "$url/v2/"
status "a page for people" 200 "$url/"
status "nothing there" 404 "$url/v2/nothing/manifests/latest"
says "in the form of the specification" '"code": ?"(MANIFEST|NAME)_UNKNOWN"'
status "the old ping" 200 "$url/v1/_ping"
status "the old search" 200 "$url/v1/search?q="
says "with no hit" '"num_results": ?0'

heading "Pushed, found, pulled"
run 0 "an index is copied into it" copy "oci:$LAYOUT:multi" "$host/team/app:1.0"
run 0 "and an image" copy "oci:$LAYOUT:single" "$host/tools/probe:0.9"
status "docker search finds it" 200 "$url/v1/search?q=app"
says "by name" '"team/app"'
run 0 "so does ours" search "$host/app"
says "by name" 'team/app'
run 0 "and out again" copy "$host/team/app:1.0" "oci:$out/back:1.0"
run 0 "a tag goes" delete "$host/tools/probe:0.9"
run 5 "and is gone" inspect "$host/tools/probe:0.9"
if command -v skopeo >/dev/null; then
  skopeo inspect --raw "oci:$store/repositories/team+app:1.0" >"$out/stdout" 2>"$out/stderr"
  verdict "another program reads the storage" $?
fi

heading "Collected and verified"
run 0 "what could go" serve gc --dry-run --storage "$store" --json
says "is counted" '"removed": ?[0-9]+'
run 0 "it goes" serve gc --untagged --storage "$store"
run 0 "all is whole" serve verify --storage "$store" --json
says "and counted" '"ok": ?true'
run 0 "the image is there still" inspect "$host/team/app:1.0"

heading "Stopped and started"
run 0 "it stops" serve stop --storage "$store"
run 5 "and runs no more" serve status --storage "$store"
run 0 "verify without a server" serve verify --storage "$store"
run 0 "it starts again" serve --detach --listen 127.0.0.1:0 --storage "$store" --json
host=$(url)
host=${host#http://}
run 0 "and has all" inspect "$host/team/app:1.0"
pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$out/stdout" | head -n 1)
run 0 "its process" serve status --storage "$store" --json
pid=$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' "$out/stdout" | head -n 1)
kill -KILL "$pid"
sleep 1
run 5 "killed, it is not taken for running" serve status --storage "$store"
run 0 "and the next one starts" serve --detach --listen 127.0.0.1:0 --storage "$store" --json
host=$(url)
host=${host#http://}
run 0 "with all" inspect "$host/team/app:1.0"
if [ -n "${DAMAGE:-}" ]; then
  $DAMAGE "$store"
  run 1 "damage is found" serve verify --storage "$store" --json
  says "and named" 'sha256:[0-9a-f]{64}'
fi
run 0 "the end" serve stop --storage "$store"

heading "A login"
printf '%s\n' 'ann:$2y$05$7rpS1vbxP7CqGzfRHh8HvepHzGT2Kzv6B3KLW3rqkEXaKR3j.JZyW' >"$out/htpasswd"
run 0 "with a password file" serve --detach --listen 127.0.0.1:0 --storage "$out/second" --htpasswd "$out/htpasswd" --anonymous pull --json
url=$(url)
host=${url#http://}
status "everybody may look" 200 "$url/v2/_catalog"
status "and not push" 401 -X POST "$url/v2/app/blobs/uploads/"
run 4 "nor does ours" copy "oci:$LAYOUT:single" "$host/app:1"
printf 'wrong' | $REGCTL login "$host" -u ann --password-stdin >"$out/stdout" 2>"$out/stderr"
[ $? -eq 4 ]
verdict "a wrong password" $?
run 0 "stopped" serve stop --storage "$out/second"
printf 'bob:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=\n' >"$out/htpasswd"
$REGCTL serve --detach --listen 127.0.0.1:0 --storage "$out/second" --htpasswd "$out/htpasswd" >"$out/stdout" 2>"$out/stderr"
[ $? -ne 0 ]
verdict "a password file of another kind is refused" $?
says "by its line" 'line 1'

heading "TLS"
run 0 "of its own making" serve --detach --listen 127.0.0.1:0 --storage "$out/second" --tls self-signed --json
url=$(url)
status "nobody trusts it unasked" 000 "$url/v2/"
run 0 "stopped" serve stop --storage "$out/second"

report
