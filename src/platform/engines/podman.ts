/**
 * Podman, Buildah and Skopeo, which share their files and read them with every command: a drop-in for each registry,
 * certificates in `certs.d`. With the rights for it below /etc, for everybody; else below the login's own home.
 */
import type { ProbeAnswer } from "../../engine/probe.ts";
import type { Host } from "../../ports.ts";
import type { RegistryTable } from "../formats/registries-conf.ts";
import { probeByCommand } from "./asked-by-command.ts";
import { containersEngine } from "./containers-engine.ts";
import { lookAtContainers } from "./containers-site.ts";
import type { EngineKind, EngineSite } from "./engine-kind.ts";

const programs = ["podman", "buildah", "skopeo"] as const;

export const podman: EngineKind = containersEngine({
  name: "podman",
  title: "Podman",
  find({ markers }) {
    const there = programs.filter((program) => markers.has(program));
    return there.length > 0 ? [`${there.join(", ")} ${there.length > 1 ? "are" : "is"} there`] : null;
  },
  programs,
  systemOnly: false,
  activation: { kind: "read" },
  check: () => {},
  // Nothing runs that would have to be told, started or asked for its log.
  service: () => ({ reload: ["true"], restart: null, start: null, log: ["true"] }),
  inForce: (site) => tablesInForce(site),
  probe: (actor, reference, timeoutMs) => probe(actor, reference, timeoutMs),
});

const infoScript = 'podman info --format "{{json .Registries}}" 2>/dev/null || :';

/** What podman itself makes of all files; without it, or where it has no storage to begin with, what stands in them. */
async function tablesInForce(site: EngineSite): Promise<readonly RegistryTable[]> {
  const actor = site.root ?? site.host;
  const { stdout } = await actor.run(["sh", "-c", infoScript, "regctl-info"], { timeoutMs: 30_000 });
  const text = stdout.toString("utf8").trim();
  return text === "" ? (await lookAtContainers(site, [])).tables : parsePodmanRegistries(text);
}

interface PodmanRegistry {
  readonly Prefix?: string;
  readonly Location?: string;
  readonly Insecure?: boolean;
  readonly Blocked?: boolean;
  readonly Mirrors?: readonly { readonly Location?: string; readonly Insecure?: boolean }[] | null;
}

/** The registries of `podman info`: an object by prefix, with the list `search` beside them. Pure. */
export function parsePodmanRegistries(text: string): readonly RegistryTable[] {
  const registries = JSON.parse(text) as Record<string, PodmanRegistry | readonly string[]> | null;
  return Object.entries(registries ?? {}).flatMap(([key, given]) => {
    if (Array.isArray(given)) return [];
    const { Prefix, Location, Insecure, Blocked, Mirrors } = given as PodmanRegistry;
    const mirrors = (Mirrors ?? []).map((mirror) => ({
      location: mirror.Location ?? "",
      insecure: mirror.Insecure === true,
    }));
    const prefix = Prefix || key;
    const location = Location ?? key;
    return [{ prefix, location, insecure: Insecure === true, blocked: Blocked === true, mirrors }];
  });
}

/** All three read the same files by the same library; skopeo needs no storage for it, and makes none. */
const probeScript = `
if command -v skopeo >/dev/null; then exec skopeo inspect --no-creds --raw "docker://$1"; fi
if command -v podman >/dev/null; then exec podman manifest inspect "$1"; fi
exec buildah manifest inspect "$1"
`;

function probe(actor: Host, reference: string, timeoutMs: number): Promise<ProbeAnswer> {
  return probeByCommand(actor, ["sh", "-c", probeScript, "regctl-probe", reference], timeoutMs);
}
