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
  /** Makes the running daemon read daemon.json again without stopping; null where only a restart does. */
  readonly reload: readonly string[] | null;
  /** Null where nobody would start it again: then nothing that needs a restart is done. */
  readonly restart: readonly (readonly string[])[] | null;
  /** Brings a daemon back that did not survive its restart. */
  readonly start: readonly (readonly string[])[] | null;
  /** Prints the daemon's last log lines. */
  readonly log: readonly string[];
}

/** The home of an engine that is not root's own, or not on this machine. */
export interface EngineHome {
  readonly daemonJson: string;
  /** Of that file, where it is not Docker's own JSON but what that is made of. */
  readonly format?: ListFormat;
  /** Null where certificates are not kept in a folder that we may write. */
  readonly certsFolder: string | null;
  /** The files are a person's own, and changed by the login itself. */
  readonly ofLogin: boolean;
  /** Who that person has to be; null for whoever logs in. */
  readonly uid: number | null;
  /** In a virtual machine: no process or unit of this one is the engine's, and files reach it when it starts. */
  readonly inVm: boolean;
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
  /** Left out where root runs the engine, its files are below /etc/docker, and it sees the same root as we do. */
  home?(facts: HostFacts): EngineHome;
  /** For what of a change it does not take: as of a platform that is not written. */
  paste?(request: ChangeRequest): readonly string[];
}

/** A kind of host that we know and do not write: a person is told what to do there. */
export interface RecognisedPlatform {
  readonly kind: "recognised";
  readonly name: string;
  readonly title: string;
  recognise(facts: HostFacts): readonly string[] | null;
  /** Why it is not written: a clause. */
  readonly why: string;
  /** Lines to paste or do by hand, in order. */
  paste(request: ChangeRequest): readonly string[];
}

export type Platform = WrittenPlatform | RecognisedPlatform;

/** The daemon's configuration file: what its command line says, else the default. */
export const defaultDaemonJson = "/etc/docker/daemon.json";
