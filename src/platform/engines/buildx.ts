/**
 * Builders that buildx runs as containers. Each was given a copy of its `buildkitd.toml` when it was made, so it is made
 * again, with its cache; nothing of Docker's own list counts for it.
 * @see https://docs.docker.com/build/buildkit/configure/
 */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { type BuildkitRegistry, emptyRegistry, withBlock } from "../formats/buildkitd-toml.ts";
import type { EngineKind } from "./engine-kind.ts";
import { authorityOf, namesBy, printedEngine, printing } from "./printed.ts";

const buildersScript = `for f in "\${BUILDX_CONFIG:-\${DOCKER_CONFIG:-$HOME/.docker}/buildx}"/instances/*; do
  grep -q '"Driver": *"docker-container"' "$f" 2>/dev/null && echo "\${f##*/}"
done; exit 0`;

export const buildx: EngineKind = printedEngine({
  name: "buildx",
  title: "builders of buildx that run as containers",
  find: ({ markers }) => (markers.has("buildx") ? ["builders of buildx are there"] : null),
  why: "a builder is made again for it, and builds that run end",
  async lines(request, site) {
    const builders = await namesBy(site, buildersScript);
    return (builders.length === 0 ? ["BUILDER"] : builders).flatMap((name) => builderLines(request, name));
  },
});

/** Pure. */
export function builderLines(request: ChangeRequest, builder: string): readonly string[] {
  const file = `buildkitd-${builder}.toml`;
  const { tables, files } = request.kind === "undo" ? noTables : tablesOf(request);
  const text = tables.reduce((now, table) => withBlock(now, null, table), "");
  return [
    ...files,
    `docker exec ${quoteWord(`buildx_buildkit_${builder}0`)} cat /etc/buildkit/buildkitd.toml > ${quoteWord(file)}`,
    ...(request.kind === "undo"
      ? [`# take the tables of ${request.registry ?? "the registry"} out of ${file}`]
      : [`${printing(text)} >> ${quoteWord(file)}`]),
    "# driver options and flags of the builder, which have to be named again:",
    `docker buildx inspect ${quoteWord(builder)}`,
    `docker buildx rm --keep-state ${quoteWord(builder)}`,
    `docker buildx create --name ${quoteWord(builder)} --driver docker-container --config ${quoteWord(file)} --use`,
    "# a builder of the driver docker is the engine itself: regctl setup … --engine docker",
  ];
}

const noTables = { tables: [], files: [] };

function tablesOf(request: Exclude<ChangeRequest, UndoRequest>): {
  readonly tables: readonly BuildkitRegistry[];
  readonly files: readonly string[];
} {
  if (request.kind === "mirror") {
    const { registry, scheme } = request.mirror;
    const asked = { ...emptyRegistry(request.upstream), mirrors: [registry] };
    const plain = { ...emptyRegistry(registry), http: true };
    return { tables: scheme === "http" ? [asked, plain] : [asked], files: [] };
  }
  const { registry } = request.registry;
  const empty = emptyRegistry(registry);
  if (request.kind === "insecure") return { tables: [{ ...empty, http: true, insecure: true }], files: [] };
  const name = `ca-${registry.replace(/[^a-z0-9.-]/g, "_")}.pem`;
  // buildx takes the file along into the builder.
  return {
    tables: [{ ...empty, ca: [name] }],
    files: [`${printing(authorityOf(request))} > ${quoteWord(name)}`],
  };
}
