/** The plan of a trust, for engines that have one file to name the certificates in. Pure. */
import type { ProbeVerdict } from "../../engine/probe.ts";
import type { TrustRequest } from "../change-request.ts";
import type { HostFacts } from "../facts.ts";
import { fileOf } from "../owner.ts";
import type { ChangePlan, Expectation, FileEdit, NothingPlan, Plan } from "../plan.ts";
import type { CertificateFiles } from "../trust/certificate-files.ts";
import { planSystemStore } from "../trust/system-files.ts";

export interface TrustInput {
  readonly request: TrustRequest;
  readonly facts: HostFacts;
  readonly files: CertificateFiles;
  /** Of the certificates and of the file that names them. */
  readonly edits: readonly FileEdit[];
  /** What the engine said before any change; null when it was not asked. */
  readonly before: ProbeVerdict | null;
  /** It was told not to verify the registry, which ends with this. */
  readonly wasInsecure: boolean;
  readonly about: Omit<NothingPlan, "kind" | "why" | "detail" | "notes">;
  changing(edits: readonly FileEdit[], why: string, expect: Expectation): ChangePlan;
}

/** @throws RegctlError ENGINE_CANNOT where the system's store is not known */
export function trustPlan(input: TrustInput): Plan {
  const { request, files, edits, before, wasInsecure, about } = input;
  const { registry } = request.registry;
  const { certificates, consent } = request.authority;
  const system = request.system ? planSystemStore({ request, facts: input.facts }) : [];
  const known = before === "trusted" && !wasInsecure && request.client === null && system.length === 0;
  const written = edits.length === 0 && system.length === 0 && before !== "trust";
  const notes = [...request.authority.notes, ...files.notes];
  if (known || written)
    return { ...about, certificates, notes, kind: "nothing", why: "trusted", detail: registry };
  const plan = input.changing(edits, "the certificates that are to be trusted and shown", {
    listed: wasInsecure ? { [registry]: false } : {},
    trusted: [{ registry, mustAnswer: wasInsecure }],
  });
  const asks = files.writesAuthority || request.system ? consent : null;
  return {
    ...plan,
    certificates,
    notes: [...notes, ...plan.notes],
    phases: [...system, ...plan.phases],
    consents: [...(asks ? [asks] : []), ...plan.consents],
  };
}

/** Where the identity that is shown stands: beside that of somebody else it has a name of its own. */
export function clientPairOf(
  folder: string,
  { client }: TrustRequest,
  facts: HostFacts,
  files: CertificateFiles,
): readonly [certificate: string, key: string] {
  const own = `${folder}/regctl.cert`;
  const isWritten = files.phases.some(({ edits }) =>
    edits.some(({ path }) => path.startsWith(`${folder}/regctl.`) && !path.endsWith(".crt")),
  );
  const name = isWritten || fileOf(facts, own).text === client?.certificate ? "regctl" : "client";
  return [`${folder}/${name}.cert`, `${folder}/${name}.key`];
}
