#!/bin/sh
# What `publish` promises, as commands with the exit codes that they must have. Prints one line for each check; ends
# with 1 when one failed.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   REGISTRY  host:port: empty, open to everybody, and the engine does not know it
#   TRUSTED   host:port: empty, open, and the engine trusts it (optional)
#   LAYOUT    an OCI layout that holds `multi` (an index of linux/amd64 and linux/arm64) and `single` (linux/amd64)
#   DOCKER    the docker command for the engine that regctl uses, e.g. "docker" (optional: without it files alone)
#   IMAGE     a name of an image of that engine that has a shell at /bin/busybox and no port in its name
#   HOME      a folder of its own
set -u
: "${REGISTRY:?}" "${LAYOUT:?}"
. "$(dirname "$0")/checks.sh"

INSECURE="--insecure --registry $REGISTRY"

heading "What cannot be published is said"
run 2 "no image is named" publish
run 5 "a layout that is not there" publish "oci:$out/none" app:1 $INSECURE
run 2 "a layout of two images, and none is named" publish "oci:$LAYOUT" app:1 $INSECURE
says "with one to type" 'oci:.*:(multi|single)'
run 2 "an image in a file has no name of its own there" publish "oci:$LAYOUT:@" $INSECURE
run 2 "a name with a digest" publish "oci:$LAYOUT:single" "app@sha256:$(printf '%064d' 0)" $INSECURE
run 2 "names on two registries" publish "oci:$LAYOUT:single" "$REGISTRY/a:1" "127.0.0.1:1/a:1" --insecure
run 2 "a compression that is none" publish "oci:$LAYOUT:single" app:1 --compression rar $INSECURE
run 2 "the engine does not push files" publish "oci:$LAYOUT:single" app:1 --via engine $INSECURE
run 6 "a registry that is not there" publish "oci:$LAYOUT:single" 127.0.0.1:1/app:1 --insecure

heading "Files"
run 0 "what would travel" publish "oci:$LAYOUT:single" file:1 $INSECURE --dry-run --json
says "is said" '"dryRun": ?true'
run 5 "and nothing did" inspect file:1 $INSECURE
run 0 "one image" publish "oci:$LAYOUT:single" file:1 $INSECURE
says "with the line to paste" 'docker pull .*/file@sha256:[0-9a-f]{64}'
run 0 "an index stays one" publish "oci:$LAYOUT:multi" many:1 $INSECURE --json
says "by the direct way" '"via": ?"direct"'
run 0 "both platforms are there" inspect many:1 $INSECURE
says "by name" 'linux/arm64'
run 0 "again, and nothing travels" publish "oci:$LAYOUT:single" file:1 $INSECURE --json
says "by its count" '"bytesSent": ?0'
run 0 "two names" publish "oci:$LAYOUT:single" file:2 other/file:2 $INSECURE --json
run 0 "the second is there" inspect other/file:2 $INSECURE
run 0 "without a tag" publish "oci:$LAYOUT:single" plain $INSECURE
says "it is latest, and that is said" 'latest'
run 0 "over another image" publish "oci:$LAYOUT:multi" file:2 $INSECURE
says "which is told" 'sha256:[0-9a-f]+'
run 3 "but not with --no-overwrite" publish "oci:$LAYOUT:single" file:2 --no-overwrite $INSECURE
run 0 "the same over the same is no overwriting" publish "oci:$LAYOUT:multi" file:2 --no-overwrite $INSECURE

if [ -n "${DOCKER:-}" ]; then
  : "${IMAGE:?}"
  heading "The engine, and a registry that it has never heard of"
  run 5 "an image that is not there" publish nosuchimage app:1 $INSECURE
  run 0 "what would travel" publish "$IMAGE" app:1 $INSECURE --dry-run
  says "and by which way" 'direct'
  run 5 "and nothing did" inspect app:1 $INSECURE
  run 0 "an image by its name" publish "$IMAGE" app:1 $INSECURE
  says "with the line to paste" "docker pull .*/app@sha256:[0-9a-f]{64}"
  says "and what travelled" 'Sent'
  $DOCKER image inspect "$REGISTRY/app:1" >"$out/stdout" 2>"$out/stderr"
  verdict "it is tagged in the engine" $?
  id=$($DOCKER image inspect -f '{{.Id}}' "$IMAGE")
  short=$(printf '%s' "${id#sha256:}" | cut -c1-12)
  run 0 "by its short id, unchanged" publish "$short" app:1 $INSECURE --json
  says "nothing travels" '"bytesSent": ?0'
  says "and it is the same image" "\"imageId\": ?\"$id\""
  rm -rf "$HOME/.cache/regctl"
  run 0 "with an empty cache" publish "$short" app:1 $INSECURE --json
  says "nothing travels either" '"bytesSent": ?0'
  run 0 "without a tag in the engine" publish "$IMAGE" untagged:1 --no-tag $INSECURE
  ! $DOCKER image inspect "$REGISTRY/untagged:1" >"$out/stdout" 2>"$out/stderr"
  verdict "there is none" $?
  run 0 "with zstd" publish "$IMAGE" packed:1 --compression zstd $INSECURE
  says "who cannot read it is said" '23'
  run 0 "it is OCI then" inspect packed:1 $INSECURE --raw
  says "with its types" 'tar\+zstd'
  run 2 "zstd is not for Docker's format" publish "$IMAGE" packed:2 --compression zstd --format docker $INSECURE
  run 0 "without compression" publish "$IMAGE" plain:2 --compression none $INSECURE
  run 1 "the engine does not push where it does not trust" publish "$IMAGE" engine:1 --via engine $INSECURE
  says "and what to type" 'setup insecure'
  $DOCKER save "$IMAGE" >"$out/saved.tar" 2>/dev/null
  run 0 "a plain tar of docker save" publish "$out/saved.tar" saved:1 $INSECURE --json
  says "is the same image" "\"imageId\": ?\"$id\""
  if [ -n "${TRUSTED:-}" ]; then
    heading "The engine, and a registry that it trusts"
    run 0 "it pushes itself" publish "$IMAGE" "$TRUSTED/app:1" --via engine --insecure --json
    says "by that way" '"via": ?"engine"'
    run 0 "then direct has nothing to send" publish "$IMAGE" "$TRUSTED/app:2" --via direct --insecure --json
    says "by its count" '"bytesSent": ?0'
    same "and it is the same manifest" "$(digest "$TRUSTED/app:1")" "$(digest "$TRUSTED/app:2")"
  fi
fi

report
