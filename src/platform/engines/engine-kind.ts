/**
 * A kind of engine that setup tells about registries: the second dimension (docs/decisions/0010). One file in this
 * folder, one row in its table, one fixture folder. What it is asked is a `ChangeRequest`; what it answers is a `Plan`
 * of file edits, commands and expectations, which one and the same `apply` carries out, proves and takes back.
 */
import type { ChangeRequest } from "../change-request.ts";
import type { HostFacts } from "../facts.ts";
import type { JournalEntry } from "../journal.ts";
import type { Plan } from "../plan.ts";
import type { Service } from "../platform.ts";
import type { HostSession } from "../session.ts";
import type { ToldEngine } from "../told-engine.ts";
import type { EngineStatus } from "./engine-status.ts";

/** A host that was looked at, and what a person said of it. */
export interface EngineSite extends HostSession {
  /** `--platform` */
  readonly platform?: string | undefined;
}

export interface Planned {
  readonly plan: Plan;
  /** Entries of the journal that the plan takes back. */
  readonly undoes: readonly JournalEntry[];
  /** Where the journal told which registry it is about (`--last`). */
  readonly registry?: string;
}

export interface EngineKind {
  /** As in `--engine NAME`, in the journal of hosts and in JSON. */
  readonly name: string;
  /** For people: "Docker", "Podman". */
  readonly title: string;
  /** Whether it is on that host: what speaks for it, most telling first; null when nothing does. Pure. */
  find(facts: HostFacts): readonly string[] | null;
  /**
   * Plans a change. It may look at the host once more and changes nothing.
   * @throws RegctlError ENGINE_CANNOT for what this engine does not know, with the reason; PLATFORM_NOT_WRITTEN with
   *   lines to paste; CONFIG_BROKEN, CONFIG_CONFLICT and whatever else must stop a change
   */
  plan(request: ChangeRequest, site: EngineSite): Promise<Planned>;
  /** The commands of whoever runs it. For a plan to apply: the platform is known by then. */
  service(site: EngineSite): Service;
  /** Null when it does not answer: then nothing is applied. */
  told(site: EngineSite): ToldEngine | null;
  /** What `setup status` shows; Docker's engine has its own way. */
  status?(site: EngineSite, wanted: string | null): Promise<EngineStatus>;
}
