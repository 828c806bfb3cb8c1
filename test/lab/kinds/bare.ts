/** A host whose engine was started by hand: no service manager knows it. */
import type { Kind } from "./kind.ts";

const bootScript = `#!/bin/sh
mkdir -p /run/sshd /run/lock
/usr/sbin/sshd
dockerd --pidfile /var/run/docker.pid -H unix:///var/run/docker.sock >>/var/log/dockerd.log 2>&1 </dev/null &
`;

export const bare: Kind = {
  base: "sysvinit",
  init: "/bin/busybox init",
  changes: "kept",
  files: [
    { path: "/etc/inittab", text: "::sysinit:/opt/boot.sh\n" },
    { path: "/opt/boot.sh", text: bootScript, mode: 0o755 },
  ],
  prepare: "rm -rf /etc/init.d/docker /etc/default/docker /etc/rc?.d/*docker /lib/systemd/system/docker.*",
  reboot: ["/bin/busybox", "reboot"],
};
