/** The kinds of hosts that the lab can start. */
import { bare } from "./kinds/bare.ts";
import { boot2docker } from "./kinds/boot2docker.ts";
import type { Kind } from "./kinds/kind.ts";
import { openrc } from "./kinds/openrc.ts";
import { sid, sidStore } from "./kinds/sid.ts";
import { systemd, systemdCe, systemdFlags } from "./kinds/systemd.ts";
import { sysvinit } from "./kinds/sysvinit.ts";

export type LabKind =
  | "systemd"
  | "systemd-ce"
  | "systemd-flags"
  | "sysvinit"
  | "boot2docker"
  | "openrc"
  | "bare"
  | "sid"
  | "sid-store";

export const kinds: Readonly<Record<LabKind, Kind>> = {
  systemd,
  "systemd-ce": systemdCe,
  "systemd-flags": systemdFlags,
  sysvinit,
  boot2docker,
  openrc,
  bare,
  sid,
  "sid-store": sidStore,
};
