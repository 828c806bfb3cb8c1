/**
 * A host like the boot2docker VM: busybox in front, a profile in shell syntax on the persistent disk, a docker
 * script that believes everything went well, and a root that forgets at reboot.
 * SOURCE: written by hand from the facts about boot2docker v19.03.12 (rootfs init script, FAQ.md, README.md).
 */
import type { Kind } from "./kind.ts";

const dockerScript = `#!/bin/sh
# Settings come from the persistent profile; the engine's words go to the persistent log.
home=/var/lib/boot2docker
log=$home/log/docker.log
pidfile=/var/run/docker.pid
EXTRA_ARGS=
[ "$(id -u)" = 0 ] || { echo "docker: must be run as root" >&2; exit 1; }
[ ! -f $home/profile ] || . $home/profile

running() {
  [ -s $pidfile ] && kill -0 "$(cat $pidfile)" 2>/dev/null
}

start() {
  if running; then echo "Docker is already running"; return 1; fi
  mkdir -p $home/log
  dockerd --pidfile $pidfile -H unix:///var/run/docker.sock $EXTRA_ARGS >>$log 2>&1 </dev/null &
}

stop() {
  running || return 0
  pid=$(cat $pidfile)
  kill "$pid"
  left=150
  while kill -0 "$pid" 2>/dev/null && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
  rm -f $pidfile
}

case $1 in
start) start ;;
stop) stop ;;
restart) stop; start; exit 0 ;;
reload) running && kill -HUP "$(cat $pidfile)" ;;
status) if running; then echo "Docker daemon is running"; else echo "Docker daemon is not running"; exit 1; fi ;;
*) echo "Usage: $0 {start|stop|restart|reload|status}"; exit 1 ;;
esac
`;

const bootScript = `#!/bin/sh
mkdir -p /run/sshd /run/lock /var/lib/boot2docker/etc/docker
/usr/sbin/sshd
/etc/init.d/docker start
`;

const osRelease = `NAME=Boot2Docker
VERSION=20.10.24
ID=boot2docker
ID_LIKE=tcl
VERSION_ID=20.10.24
PRETTY_NAME="Boot2Docker 20.10.24 (TCL 10.1)"
ANSI_COLOR="1;34"
HOME_URL="https://github.com/boot2docker/boot2docker"
`;

/** Applets go in front of Debian's tools; what belongs to neither busybox nor the original is taken away. */
const prepare = `
for applet in $(/bin/busybox --list); do
  case $applet in init | linuxrc | su | login | passwd | sh | ip | mount | umount) continue ;; esac
  ln -sf /bin/busybox /usr/local/bin/$applet
done
ln -sf /bin/busybox /bin/sh
ln -sf /usr/sbin/dockerd /usr/local/bin/dockerd
rm -rf /etc/docker /etc/default/docker /etc/os-release.d /usr/bin/curl /usr/lib/openssh/sftp-server /etc/debian_version
ln -s /var/lib/boot2docker/etc/docker /etc/docker
sed -i '/sftp/d' /etc/ssh/sshd_config
useradd --create-home --shell /bin/sh --gid staff --groups docker docker
printf 'docker ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/docker
chmod 0440 /etc/sudoers.d/docker
`;

export const boot2docker: Kind = {
  base: "sysvinit",
  init: "/bin/busybox init",
  changes: "lost",
  persistent: ["boot2docker"],
  files: [
    { path: "/etc/inittab", text: "::sysinit:/opt/bootsync.sh\n::shutdown:/etc/init.d/docker stop\n" },
    { path: "/opt/bootsync.sh", text: bootScript, mode: 0o755 },
    { path: "/etc/init.d/docker", text: dockerScript, mode: 0o755 },
    { path: "/etc/os-release", text: osRelease },
  ],
  prepare,
  reboot: ["reboot"],
};
