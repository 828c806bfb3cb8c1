/** Hosts with systemd ≥ 258 and an engine ≥ 28, once with each of the two ways in which it can keep its images. */
import type { Kind } from "./kind.ts";

/** The choice stands in the file, as people make it: which one is the default depends on the engine's version. */
const choose = (snapshotter: boolean): string =>
  `{\n  "features": { "containerd-snapshotter": ${snapshotter} }\n}\n`;

const withSnapshotter = (snapshotter: boolean): Kind => ({
  base: "sid",
  cgroups: "unified",
  init: "/sbin/init",
  changes: "kept",
  // Images of containerd and of podman: overlays cannot be stacked on an overlay.
  persistent: ["containerd", "containers"],
  files: [{ path: "/etc/docker/daemon.json", text: choose(snapshotter) }],
  prepare: "",
  reboot: ["systemctl", "reboot"],
});

/** Layers unpacked by the engine itself (overlay2). */
export const sid = withSnapshotter(false);

/** Images as they travel, kept by containerd. */
export const sidStore = withSnapshotter(true);
