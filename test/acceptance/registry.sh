#!/bin/sh
# What `use login logout ping search tags inspect delete copy` promise, as commands with the exit codes that they must
# have. Prints one line for each check; ends with 1 when one failed.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   REGISTRY  host:port: empty, open to everybody, deletion switched on
#   NODELETE  host:port: empty, open, deletion switched off (optional)
#   AUTH      host:port: wants the login bob:secret (optional)
#   TRUST     what `regctl use` is told of all of these: --insecure where they are not on loopback (optional)
#   LAYOUT    an OCI layout that holds `multi` (an index of linux/amd64 and linux/arm64) and `single` (linux/amd64)
#   HOME      a folder of its own
set -u
: "${REGISTRY:?}" "${LAYOUT:?}"
. "$(dirname "$0")/checks.sh"

heading "Nobody is there, and it is said"
run 6 "a closed port" ping 127.0.0.1:1
says "with what to type" 'regctl doctor'
run 6 "as JSON" ping 127.0.0.1:1 --json
says "with its code" '"code": ?"REGISTRY_UNREACHABLE"'
run 2 "no registry is named and none is the default" tags app
says "with the command that sets it" 'regctl use'

heading "use and ping"
for other in ${NODELETE:-} ${AUTH:-}; do
  $REGCTL use "$other" ${TRUST:-} >/dev/null 2>&1 </dev/null
done
run 0 "use sets it" use "$REGISTRY" ${TRUST:-}
run 0 "use shows it" use
says "by name" "$REGISTRY"
run 0 "ping needs no name then" ping --json
says "and tells what it can do" '"capabilities"'

heading "copy into it"
run 0 "an index from a layout" copy "oci:$LAYOUT:multi" app:1.0
says "with the line to paste" '@sha256:[0-9a-f]{64}'
run 0 "one image" copy "oci:$LAYOUT:single" tools/probe:0.9
run 0 "again, and nothing travels" copy "oci:$LAYOUT:multi" app:1.0 --json
says "by its count" '"bytesMoved": ?0'
run 0 "a second tag of it" copy app:1.0 app:latest --json
says "without a blob" '"bytesMoved": ?0'
one=$(digest app:1.0)
same "both tags are the same digest" "$one" "$(digest app:latest)"
run 0 "to another repository, by mounts" copy app:1.0 mirror/app:1.0 --json
says "where no blob travels" '"bytesMoved": ?0'
same "with the digest kept" "$one" "$(digest mirror/app:1.0)"
run 0 "one platform of it" copy app:1.0 arm:1.0 --platform linux/arm64
run 5 "a platform that it has not" copy app:1.0 mips:1.0 --platform linux/mips64le
says "and those that it has" 'linux/arm64'
run 5 "an image that is not there" copy nothing:1.0 other:1.0
run 0 "what would travel" copy app:1.0 "oci:$out/dry" --dry-run
[ ! -e "$out/dry" ]
verdict "and nothing is written" $?
for kind in oci oci-archive docker-archive; do
  source=app:1.0
  [ "$kind" = docker-archive ] && source=tools/probe:0.9
  run 0 "out of it: $kind" copy "$source" "$kind:$out/$kind"
  run 0 "and back: $kind" copy "$kind:$out/$kind" "back/$kind:1"
done
same "a layout keeps the digest" "$one" "$(digest back/oci:1)"
same "an archive keeps the digest" "$one" "$(digest back/oci-archive:1)"
same "a docker archive that we wrote keeps it, too" "$(digest tools/probe:0.9)" "$(digest back/docker-archive:1)"
run 3 "an archive is not overwritten unasked" copy app:1.0 "oci-archive:$out/oci-archive"
run 0 "but with --yes" copy app:1.0 "oci-archive:$out/oci-archive" --yes
run 0 "every tag" copy app "oci:$out/all" --all-tags
run 0 "the tags of a layout" copy "oci:$out/all:latest" again:1

heading "search"
run 0 "all" search --json
says "have a count of tags" '"tags": ?2'
run 0 "by a part of the name" search prob
says "finds it" 'tools/probe'
silent "and nothing else" 'mirror/app'
run 0 "nothing is no failure" search zzzzzz --json
says "and an empty list" '"items": ?\[\]'
run 0 "in tags" search 0.9 --tags
says "finds the repository" 'tools/probe'

heading "tags"
run 0 "of a name" tags app
says "with sizes" 'KiB|MiB| B'
says "and platforms" 'linux/amd64, arm64'
run 0 "sorted and filtered" tags app --sort semver --filter '1.*' --json
says "the one" '"tag": ?"1.0"'
silent "not the other" '"tag": ?"latest"'
run 5 "of a repository that is not there" tags nothing
run 2 "of a name with a tag" tags app:1.0

heading "inspect"
run 0 "an index" inspect app:1.0
says "shows its platforms" 'linux/arm64'
run 0 "one of them" inspect app:1.0 --platform linux/arm64 --json
says "has layers" '"layers"'
run 0 "the bytes" inspect app:1.0 --raw
if command -v sha256sum >/dev/null; then
  same "are those of the digest" "$one" "sha256:$($REGCTL inspect app:1.0 --raw | sha256sum | cut -d' ' -f1)"
fi
run 5 "what is not there" inspect app:nothing

heading "delete"
run 2 "a name alone" delete app --yes
run 0 "what would go" delete app:latest --dry-run
same "and it is there still" "$one" "$(digest app:latest)"
run 0 "a tag" delete app:latest
run 5 "is gone" inspect app:latest
same "its sibling is not" "$one" "$(digest app:1.0)"
run 5 "again" delete app:latest
$REGCTL copy app:1.0 app:1.1 >/dev/null 2>&1
run 2 "a manifest, with nobody to ask" delete app:1.0 --digest
says "names the flag" '--yes'
run 0 "a manifest with all its tags" delete app:1.0 --digest --yes --json
says "which are told" '1\.1'
run 5 "and gone" inspect app:1.1
$REGCTL copy "oci:$LAYOUT:single" many:1.0 >/dev/null 2>&1
$REGCTL copy many:1.0 many:1.1 >/dev/null 2>&1
$REGCTL copy many:1.0 many:2.0 >/dev/null 2>&1
run 2 "a glob, with nobody to ask" delete 'many:1.*'
run 0 "a glob" delete 'many:1.*' --yes
run 0 "leaves the others" inspect many:2.0
run 5 "a glob without a hit" delete 'many:9.*' --yes

if [ -n "${NODELETE:-}" ]; then
  heading "Deletion switched off"
  run 0 "an image there" copy "oci:$LAYOUT:single" "$NODELETE/kept:1"
  before=$(digest "$NODELETE/kept:1")
  run 3 "is not deleted" delete "$NODELETE/kept:1"
  says "and how to switch it on" 'REGISTRY_STORAGE_DELETE_ENABLED'
  same "nothing was changed" "$before" "$(digest "$NODELETE/kept:1")"
fi

if [ -n "${AUTH:-}" ]; then
  heading "A registry with a login"
  run 4 "without" tags "$AUTH/app"
  says "what to type" 'regctl login'
  printf 'wrong' | $REGCTL login "$AUTH" -u bob --password-stdin >"$out/stdout" 2>"$out/stderr"
  [ $? -eq 4 ]
  verdict "a wrong password" $?
  printf 'secret' | $REGCTL login "$AUTH" -u bob --password-stdin >"$out/stdout" 2>"$out/stderr"
  verdict "the right one" $?
  silent "is told nowhere" 'secret$'
  run 0 "then it is let in" copy tools/probe:0.9 "$AUTH/probe:1"
  run 0 "and out" copy "$AUTH/probe:1" "oci:$out/from-auth"
  run 0 "logout" logout "$AUTH"
  run 4 "and out in the cold" tags "$AUTH/probe"
fi

report
