# What the acceptance scripts of `regctl setup` have in common besides checks.sh: a host whose engine is told.
#
# Such a script needs a host with systemd whose engine reads /etc/docker/daemon.json, with a container that runs. The
# host's daemon.json is written and taken away.
#   REGCTL    the command, e.g. "node bin/run.js" (words are split)
#   TARGET    USER@HOST with root's rights
#   THERE     a command that runs the rest of its words on the host as root, e.g. "ssh root@HOST"
#   REGISTRY  host:port of a registry that is reached from there
#   HOME      a folder of its own, whose ssh configuration and known_hosts reach the host
: "${TARGET:?}" "${THERE:?}" "${REGISTRY:?}"
json=/etc/docker/daemon.json
. "$(dirname "$0")/checks.sh"

# there NAME SCRIPT: a shell on the host agrees
there() {
  $THERE "$2" >"$out/stdout" 2>"$out/stderr" </dev/null
  verdict "$1" $?
}

on() { echo "--on $TARGET"; }
lists() { echo "docker info --format '{{json .RegistryConfig.IndexConfigs}}' | grep -Fq '\"$REGISTRY\"'"; }
state="docker ps -q --no-trunc; cat /var/run/docker.pid"

# clear_host PATH…: the host is there, a container runs, and nothing of an earlier run is left
clear_host() {
  $THERE "rm -rf $*; docker ps -q | grep -q ." </dev/null && return 0
  echo "the host is not there, or no container runs"
  exit 1
}
