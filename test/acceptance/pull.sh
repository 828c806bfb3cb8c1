#!/bin/sh
# What `regctl pull` and `regctl images` promise, as commands with the exit codes that they must have. Prints one line
# for each check; ends with 1 when one failed.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   REGISTRY  host:port: empty, open to everybody, plain HTTP, and not trusted by the engine
#   TRUSTED   the same registry, or another one, by a name that the engine trusts (optional)
#   LAYOUT    an OCI layout that holds `multi` (an index of linux/amd64 and linux/arm64) and `single` (linux/amd64)
#   DOCKER    a docker command that speaks to the engine, e.g. "docker"; without one only files are pulled (optional)
#   HOME      a folder of its own
set -u
: "${REGISTRY:?}" "${LAYOUT:?}"
. "$(dirname "$0")/checks.sh"

# field NAME: of the last run's document
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$out/stdout" | head -n 1; }

id_of() { $DOCKER image inspect -f '{{.Id}}' "$1" 2>/dev/null; }

$REGCTL copy --insecure "oci:$LAYOUT:multi" "$REGISTRY/app:1.0" >/dev/null 2>&1
$REGCTL copy --insecure "oci:$LAYOUT:single" "$REGISTRY/tools/probe:0.9" >/dev/null 2>&1
$REGCTL copy --insecure "oci:$LAYOUT:single" "$REGISTRY/tools/probe:latest" >/dev/null 2>&1

heading "Words that are wrong"
run 2 "no name" pull
run 2 "no registry is named and none is the default" pull app
run 2 "one local name for two images" pull --insecure "$REGISTRY/app:1.0" "$REGISTRY/tools/probe:0.9" --as x:1
run 2 "an output of no kind" pull --insecure "$REGISTRY/app:1.0" --output tarball.tar
run 2 "a local name with an output" pull --insecure "$REGISTRY/app:1.0" --output "oci:$out/x" --as x:1
run 2 "no such way" pull --insecure "$REGISTRY/app:1.0" --via pigeon

heading "Into files, where no engine is"
saved_host=${DOCKER_HOST:-}
DOCKER_HOST="unix://$out/none.sock"
export DOCKER_HOST
run 6 "no engine" pull --insecure "$REGISTRY/app:1.0"
says "what can be done without" '--output oci:DIR'
run 6 "no engine to list the images of" images
run 0 "a layout" pull --insecure "$REGISTRY/app:1.0" --output "oci:$out/layout" --json
says "of all platforms" '"via": *"file"'
run 0 "it is one" copy "oci:$out/layout:1.0" "oci:$out/again"
run 0 "an archive, of one platform" pull --insecure "$REGISTRY/app:1.0" --platform linux/arm64 --output "docker-archive:$out/app.tar"
run 3 "which is not overwritten unasked" pull --insecure "$REGISTRY/app:1.0" --platform linux/arm64 --output "docker-archive:$out/app.tar"
run 0 "but with --yes" pull --insecure "$REGISTRY/app:1.0" --platform linux/arm64 --output "docker-archive:$out/app.tar" --yes
run 0 "an archive of an index, for this machine" pull --insecure "$REGISTRY/app:1.0" --output "docker-archive:$out/own.tar"
run 5 "what is not there" pull --insecure "$REGISTRY/nothing:1" --output "oci:$out/nothing"
if [ -n "$saved_host" ]; then DOCKER_HOST=$saved_host; else unset DOCKER_HOST; fi

if [ -n "${DOCKER:-}" ]; then
  heading "Straight into an engine that does not trust the registry"
  run 0 "an image" pull --insecure "$REGISTRY/tools/probe:0.9" --json
  says "not through the engine" '"via": *"direct"'
  same "under its name" "$(field imageId)" "$(id_of "$REGISTRY/tools/probe:0.9")"
  run 0 "again, and nothing travels" pull --insecure "$REGISTRY/tools/probe:0.9" --json
  says "by its count" '"bytesReceived": *0'
  run 0 "under other names, too" pull --insecure "$REGISTRY/tools/probe:0.9" --as probe:local --as other/probe
  same "the first" "$(id_of probe:local)" "$(id_of "$REGISTRY/tools/probe:0.9")"
  same "the second, as latest" "$(id_of other/probe:latest)" "$(id_of probe:local)"
  run 0 "the engine's platform of several" pull --insecure "$REGISTRY/app:1.0"
  says "that no digest is known is said" 'does not know this digest'
  run 5 "a platform that it has not" pull --insecure "$REGISTRY/app:1.0" --platform linux/mips64le
  run 0 "another platform, when it is asked for" pull --insecure "$REGISTRY/app:1.0" --platform linux/arm64 --json
  says "is the one" '"platform": *"linux/arm64"'
  run 5 "what is not there" pull --insecure "$REGISTRY/nothing:1"
  run 5 "several, of which one is not there, directly" pull --insecure "$REGISTRY/nothing:1" "$REGISTRY/tools/probe:0.9" --json
  says "the other came" '"code": *"NOT_FOUND"'
  run 1 "through the engine, because it is asked for" pull --insecure "$REGISTRY/tools/probe:0.9" --via engine
  says "and how the engine is told" 'setup insecure'

  if [ -n "${TRUSTED:-}" ]; then
    heading "Through the engine when it trusts the registry"
    $REGCTL copy --insecure "oci:$LAYOUT:single" "$TRUSTED/tools/probe:0.9" >/dev/null 2>&1
    run 0 "an image" pull "$TRUSTED/tools/probe:0.9" --json
    says "by itself" '"via": *"engine"'
    digest=$(field digest)
    run 0 "by its digest" pull "$TRUSTED/tools/probe@$digest" --as by-digest:1
    same "under the name that was asked for" "$(id_of by-digest:1)" "$(id_of "$TRUSTED/tools/probe:0.9")"
    run 5 "what is not there" pull "$TRUSTED/nothing:1"
  fi

  heading "images"
  run 0 "without a default registry" images
  says "nobody knows what is published" 'unknown'
  run 0 "all" images --insecure --registry "$REGISTRY" --json
  says "says that it is there" '"published": *"yes"'
  run 0 "some" images probe --insecure --registry "$REGISTRY"
  says "by a part of the name" 'tools/probe'
  silent "and no others" 'app'
  $REGCTL copy --insecure "oci:$LAYOUT:multi" "$REGISTRY/tools/probe:0.9" >/dev/null 2>&1
  run 0 "the registry's tag moved on" images 'tools/probe:0.9' --insecure --registry "$REGISTRY" --json
  says "so the one here is another" '"published": *"older"'
  $DOCKER tag "$REGISTRY/tools/probe:0.9" "$REGISTRY/never:1" >/dev/null 2>&1
  run 0 "what is not there" images --unpublished --insecure --registry "$REGISTRY"
  says "is listed" 'never'
  run 0 "a registry that is dead" images --registry 127.0.0.1:1 --json
  says "is unknown" '"published": *"unknown"'
  run 2 "no such order" images --sort colour
fi

report
