/** What several engines answer alike. */
import { RegctlError } from "../../errors.ts";
import type { HostFacts } from "../facts.ts";
import type { Consent } from "../plan.ts";
import type { EngineKind } from "./engine-kind.ts";

/** What to say where registries are compared by name alone. */
export function refusedNetwork(
  { name, title }: Pick<EngineKind, "name" | "title">,
  host: string,
  network: string,
): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host,
    what: `the network ${network} as insecure`,
    why: `${title} compares registries with names as text, and knows no networks`,
    instead: [`regctl setup insecure HOST:PORT --engine ${name}, for each registry`],
  });
}

/** An insecure entry for a registry that the engine verifies already. */
export function downgradeOf(registry: string): Consent {
  return {
    id: "downgrade",
    question: `${registry} has a certificate that the engine verifies. Stop verifying it?`,
    details: ["nothing needs to be set up for it; an insecure entry would switch its protection off"],
    flag: "--yes",
  };
}

/** What a plan says of an engine that is its own platform and has one file. */
export function aboutEngine(
  engine: string,
  evidence: readonly string[],
  {
    facts,
    version,
    path,
  }: { readonly facts: HostFacts; readonly version: string | null; readonly path: string },
) {
  const { host } = facts;
  return { host, platform: engine, evidence, engine, engineVersion: version, owner: "file" as const, path };
}
