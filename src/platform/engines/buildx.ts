/**
 * Builders that buildx runs as containers. Each was given a copy of its `buildkitd.toml` when it was made, so it is made
 * again, with its name, its options and its cache; nothing of Docker's own list counts for it.
 * @see https://docs.docker.com/build/buildkit/configure/
 */
import { judgeProbe, type ProbeAnswer } from "../../engine/probe.ts";
import { RegctlError } from "../../errors.ts";
import { certificatesOn } from "../certificates-on.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { isReferable } from "../engine-entry.ts";
import { registriesOf } from "../formats/builder-toml.ts";
import { parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import type { Plan } from "../plan.ts";
import { standingEntries } from "../plan-undo.ts";
import { pathsToLookAt } from "../trust/certificate-files.ts";
import { probeByCommand, programPerCommand } from "./asked-by-command.ts";
import { builderLines } from "./buildx-lines.ts";
import {
  certsFolderOf,
  isInsecureIn,
  planBuildxInsecure,
  planBuildxMirror,
  planBuildxTrust,
} from "./buildx-plan.ts";
import { type Builder, type BuildxSite, lookAtBuildx } from "./buildx-site.ts";
import { undoBuildx } from "./buildx-undo.ts";
import type { EngineKind, EngineSite, Planned } from "./engine-kind.ts";

const name = "buildx";
const title = "builders of buildx that run as containers";

export const buildx: EngineKind = {
  name,
  title,
  find: ({ markers }) => (markers.has(name) ? ["builders of buildx are there"] : null),
  plan,
  service: () => ({ reload: ["true"], restart: null, start: null, log: ["docker", "buildx", "ls"] }),
  told: (site) => ({
    ...programPerCommand,
    info: async () => {
      const { builders } = await lookAtBuildx(site);
      const names = builders.flatMap(({ toml }) => Object.keys(registriesOf(toml ?? "")));
      const insecure = [...new Set(names)].filter((registry) =>
        builders.every((builder) => isInsecureIn(builder, registry)),
      );
      return {
        insecureCidrs: [],
        indexes: insecure.map((registry) => ({ registry, secure: false, mirrors: [] })),
        mirrors: builders.flatMap(mirrorsOf),
        liveRestore: false,
      };
    },
    probeRegistry: async (reference, timeoutMs) =>
      await probe(await lookAtBuildx(site), site, reference, timeoutMs),
  }),
  status: statusOf,
};

async function plan(request: ChangeRequest, site: EngineSite): Promise<Planned> {
  const look = await lookAtBuildx(site);
  const evidence = buildx.find(site.facts) ?? ["--engine names it"];
  if (request.kind === "undo") return await undoBuildx(request, site, look, evidence);
  if (look.builders.length > 0) return { plan: await change(request, site, look, evidence), undoes: [] };
  const several = look.others.length > 0;
  throw new RegctlError("PLATFORM_NOT_WRITTEN", {
    host: site.facts.host,
    platform: title,
    why: several
      ? "a builder of several nodes is made again node by node"
      : "none was found that could be made again",
    evidence,
    paste: (several ? look.others : ["BUILDER"]).flatMap((builder) => builderLines(request, builder)),
  });
}

async function change(
  request: Exclude<ChangeRequest, UndoRequest>,
  site: EngineSite,
  look: BuildxSite,
  evidence: readonly string[],
): Promise<Plan> {
  const journal = parseJournal(site.facts.journal).filter(({ engine }) => engine === name);
  const input = { look, evidence, before: null, standing: standingEntries(journal) };
  if (request.kind === "mirror") return planBuildxMirror(request, input);
  const { registry } = request.registry;
  const known = look.builders.some((builder) => isInsecureIn(builder, registry));
  const asks = !known && isReferable(registry) && look.builders.some(({ runs }) => runs);
  const before = asks
    ? judgeProbe(await probe(look, site, `${registry}/regctl-probe:latest`, probeTimeoutMs)).verdict
    : null;
  if (request.kind === "insecure") return planBuildxInsecure(request, { ...input, before });
  const files = await readHostFiles(site.host, pathsToLookAt(certsFolderOf(look), registry));
  const facts = { ...look.facts, files: { ...look.facts.files, ...files } };
  return planBuildxTrust(request, { ...input, look: { ...look, facts }, before });
}

const probeTimeoutMs = 10_000;

const probeScript = `printf 'FROM %s\\n' "$2" | docker buildx build --builder "$1" --progress plain --no-cache - 2>&1`;

/** A builder that runs is made to build what is nothing but an image that is not there. */
async function probe(
  { builders }: BuildxSite,
  site: EngineSite,
  reference: string,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const running = builders.find(({ runs }) => runs);
  if (running === undefined)
    return { status: 0, message: "a builder that does not run cannot ask a registry" };
  const argv = ["sh", "-c", probeScript, "regctl-probe", running.name, reference];
  return await probeByCommand(site.host, argv, Math.max(timeoutMs, probeTimeoutMs));
}

/** A mirror's own table says how it is reached. */
function mirrorsOf({ toml }: Builder): readonly string[] {
  const tables = registriesOf(toml ?? "");
  const mirrors = Object.values(tables).flatMap(({ mirrors: all }) =>
    Array.isArray(all) ? all.map(String) : [],
  );
  return [...new Set(mirrors)].flatMap((mirror) => [
    `https://${mirror}/`,
    ...(tables[mirror]?.http === true ? [`http://${mirror}/`] : []),
  ]);
}

async function statusOf(site: EngineSite, wanted: string | null) {
  const look = await lookAtBuildx(site);
  const { builders } = look;
  const runs = builders.some((builder) => builder.runs);
  const says = (registry: string) => builders.some((builder) => isInsecureIn(builder, registry));
  const names = builders.flatMap(({ toml }) => Object.keys(registriesOf(toml ?? "")));
  const listed = [...new Set(names)].filter(says);
  const urls = [...new Set(builders.flatMap(mirrorsOf))];
  const effective = (told: boolean) => (runs ? told : null);
  return {
    version: look.version,
    path: look.instances,
    registries: (wanted === null ? listed : [wanted]).map((registry) => ({
      registry,
      configured: says(registry),
      effective: effective(says(registry)),
    })),
    mirrors: urls
      .filter((url) => wanted === null || new URL(url).host === wanted)
      .map((url) => ({ url, configured: true, effective: effective(true) })),
    trusted: await certificatesOn(site, wanted, certsFolderOf(look)),
    problem: builders.length === 0 ? "no builder of one node was found" : null,
  };
}
