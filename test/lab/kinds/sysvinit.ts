/** A host with sysvinit 3.06, where Debian's /etc/init.d/docker and /etc/default/docker rule. */
import type { Kind } from "./kind.ts";

/** Only run levels: there is no console for a getty, and the lab has mounted what rcS would mount. */
const inittab = `id:2:initdefault:
si::sysinit:/bin/mkdir -p /run/lock /run/sshd
l0:0:wait:/etc/init.d/rc 0
l2:2:wait:/etc/init.d/rc 2
l6:6:wait:/etc/init.d/rc 6
`;

export const sysvinit: Kind = {
  base: "sysvinit",
  init: "/sbin/init",
  changes: "kept",
  files: [
    { path: "/etc/inittab", text: inittab },
    // The docker script mounts missing cgroup hierarchies of the machine's kernel, unless fstab speaks of them.
    {
      path: "/etc/fstab",
      text: "# the cgroup hierarchies are mounted before init starts\ncgroup /sys/fs/cgroup tmpfs noauto 0 0\n",
    },
  ],
  prepare: "",
  reboot: ["reboot"],
};
