/** The shape of one kind of host. */
import type { BaseName } from "../base-root.ts";

export interface KindFile {
  /** Without symlinks on the way: /usr/lib, not /lib. */
  readonly path: string;
  readonly text: string;
  /** Default 0o644. */
  readonly mode?: number;
}

export interface Kind {
  readonly base: BaseName;
  /**
   * Which control groups it sees: all hierarchies of this machine, or the unified one alone, which systemd wants
   * from 258 on. Default `all`.
   */
  readonly cgroups?: "all" | "unified";
  /** The command line of the first process. */
  readonly init: string;
  /** Whether the root's changes outlive a reboot. /var/lib/docker and `persistent` always do. */
  readonly changes: "kept" | "lost";
  /** Names below /var/lib that outlive a reboot although changes are lost. */
  readonly persistent?: readonly string[];
  readonly files: readonly KindFile[];
  /** A shell script that runs in the root before the first boot. */
  readonly prepare: string;
  /** What a person would type to reboot. */
  readonly reboot: readonly string[];
}
