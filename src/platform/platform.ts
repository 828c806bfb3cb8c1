import type { ChangeRequest } from "./change-request.ts";
import type { HostFacts } from "./facts.ts";
import type { ListFormat } from "./formats/format.ts";

/** A file through which a platform passes flags to its daemon. */
export interface FlagSource {
  readonly path: string;
  readonly format: ListFormat;
  /** Commands that make the service manager read the file again, before the restart. */
  readonly reread?: readonly (readonly string[])[];
}

/** The commands of whoever runs the daemon there. Arguments are vectors, shown as they are run. */
export interface Service {
  /** Makes the running daemon read daemon.json again without stopping. */
  readonly reload: readonly string[];
  /** Null where nobody would start it again: then nothing that needs a restart is done. */
  readonly restart: readonly (readonly string[])[] | null;
  /** Brings a daemon back that did not survive its restart. */
  readonly start: readonly (readonly string[])[] | null;
  /** Prints the daemon's last log lines. */
  readonly log: readonly string[];
}

/** A kind of host that we write: one file in `platforms/`, one row in its table, one fixture folder. */
export interface WrittenPlatform {
  readonly kind: "written";
  /** As in `--platform NAME` and in JSON. */
  readonly name: string;
  readonly title: string;
  /** What speaks for it, most telling first; null when it is something else. */
  recognise(facts: HostFacts): readonly string[] | null;
  /** Where flags can stand, the one to write first. */
  flagSources(facts: HostFacts): readonly FlagSource[];
  /** False where daemon.json would not outlive a reboot. */
  keepsDaemonJson(facts: HostFacts): boolean;
  service(facts: HostFacts): Service;
}

/** A kind of host that we know and do not write: a person is told what to do there. */
export interface RecognisedPlatform {
  readonly kind: "recognised";
  readonly name: string;
  readonly title: string;
  recognise(facts: HostFacts): readonly string[] | null;
  /** Lines to paste or do by hand, in order. */
  paste(request: ChangeRequest): readonly string[];
}

export type Platform = WrittenPlatform | RecognisedPlatform;

/** The daemon's configuration file: what its command line says, else the default. */
export const defaultDaemonJson = "/etc/docker/daemon.json";
