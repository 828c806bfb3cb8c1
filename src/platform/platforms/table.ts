import type { Platform } from "../platform.ts";
import { bare } from "./bare.ts";
import { boot2docker } from "./boot2docker.ts";
import { colima } from "./colima.ts";
import { dockerDesktop, orbstack } from "./desktops.ts";
import { flatcar } from "./flatcar.ts";
import { namedOnly } from "./named-only.ts";
import { openrc } from "./openrc.ts";
import { recognisedFirst, unknownUnit } from "./recognised.ts";
import { rootless } from "./rootless.ts";
import { snap } from "./snap.ts";
import { amazonLinux, rhelDocker, rhelSysvinit } from "./sysconfig.ts";
import { systemd, systemdDockerIo } from "./systemd.ts";
import { debianSysvinit } from "./sysvinit.ts";
import { upstart } from "./upstart.ts";

/** Every platform, in the order in which it is asked whether it recognises a host: the first that does, has it. */
export const platforms: readonly Platform[] = [
  dockerDesktop,
  orbstack,
  colima,
  ...recognisedFirst,
  rootless,
  snap,
  boot2docker,
  flatcar,
  openrc,
  amazonLinux,
  rhelDocker,
  rhelSysvinit,
  upstart,
  systemdDockerIo,
  systemd,
  debianSysvinit,
  unknownUnit,
  bare,
  ...namedOnly,
];
