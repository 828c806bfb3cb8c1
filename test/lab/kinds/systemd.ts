/** Hosts with systemd 252: Debian's docker.io unit, a docker-ce-like unit, and one whose drop-in passes flags. */
import type { Kind, KindFile } from "./kind.ts";

export const systemd: Kind = {
  base: "systemd",
  init: "/sbin/init",
  changes: "kept",
  files: [],
  prepare: "",
  reboot: ["systemctl", "reboot"],
};

/**
 * SOURCE: written by hand from the facts about moby contrib/init/systemd/docker.service: the socket by `fd://`, no
 * EnvironmentFile, SIGHUP to reload, always restarted, only the daemon killed. It stands where docker-ce installs it.
 */
const ceUnit: KindFile = {
  path: "/usr/lib/systemd/system/docker.service",
  text: `[Unit]
Description=Docker Application Container Engine
After=network-online.target docker.socket containerd.service
Wants=network-online.target containerd.service
Requires=docker.socket

[Service]
Type=notify
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStartSec=0
RestartSec=2
Restart=always
StartLimitBurst=3
StartLimitInterval=60s
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
Delegate=yes
KillMode=process
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
`,
};

/** docker-ce brings no /etc/docker; its unit ignores /etc/default/docker, which is there all the same. */
const likeCe = "rm -rf /etc/docker";

export const systemdCe: Kind = { ...systemd, files: [ceUnit], prepare: likeCe };

export const systemdFlags: Kind = {
  ...systemd,
  files: [
    ceUnit,
    {
      path: "/etc/systemd/system/docker.service.d/10-registry.conf",
      text: `[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --insecure-registry old.example:5000
`,
    },
  ],
  prepare: likeCe,
};
