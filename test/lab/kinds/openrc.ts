/**
 * A host whose engine OpenRC 0.45 starts, by a script for openrc-run that /etc/conf.d/docker is sourced before.
 * SOURCE: written by hand from the facts about moby contrib/init/openrc (pid file of the daemon's own, SIGHUP to
 * reload, TERM and then KILL to stop); with what Debian's start-stop-daemon, which OpenRC finds there, understands.
 */
import type { Kind } from "./kind.ts";

const dockerScript = `#!/sbin/openrc-run
name="the engine"
command=/usr/sbin/dockerd
pidfile=/run/docker.pid
command_args="-p $pidfile $DOCKER_OPTS"
start_stop_daemon_args="--background --output /var/log/docker.log"
extra_started_commands="reload"
retry="TERM/60/KILL/10"

reload() {
	ebegin "Reloading $RC_SVCNAME"
	kill -HUP "$(cat "$pidfile")"
	eend $?
}
`;

const bootScript = `#!/bin/sh
mkdir -p /run/sshd /run/lock
for state in starting started stopping inactive failed daemons options exclusive scheduled; do
  mkdir -p /run/openrc/$state
done
touch /run/openrc/softlevel
/usr/sbin/sshd
rc-service docker start
`;

export const openrc: Kind = {
  base: "openrc",
  init: "/bin/busybox init",
  changes: "kept",
  files: [
    { path: "/etc/inittab", text: "::sysinit:/opt/boot.sh\n" },
    { path: "/opt/boot.sh", text: bootScript, mode: 0o755 },
    { path: "/etc/init.d/docker", text: dockerScript, mode: 0o755 },
    { path: "/etc/conf.d/docker", text: 'DOCKER_OPTS="--log-level=info"\n' },
  ],
  prepare: "rm -rf /etc/default/docker /etc/rc?.d/*docker /lib/systemd/system/docker.*",
  reboot: ["/bin/busybox", "reboot"],
};
