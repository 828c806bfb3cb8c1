import type { Platform } from "../platform.ts";
import { bare } from "./bare.ts";
import { boot2docker } from "./boot2docker.ts";
import { recognisedFirst, recognisedHosts, unknownUnit } from "./recognised.ts";
import { systemd, systemdDockerIo } from "./systemd.ts";
import { debianSysvinit } from "./sysvinit.ts";
import { upstart } from "./upstart.ts";

/** Every platform, in the order in which it is asked whether it recognises a host: the first that does, has it. */
export const platforms: readonly Platform[] = [
  ...recognisedFirst,
  boot2docker,
  ...recognisedHosts,
  upstart,
  systemdDockerIo,
  systemd,
  debianSysvinit,
  unknownUnit,
  bare,
];
