/** What a person types to make a builder of buildx again, where regctl finds none that it could make itself. Pure. */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, UndoRequest } from "../change-request.ts";
import { type BuildkitRegistry, emptyRegistry, withBlock } from "../formats/buildkitd-toml.ts";
import { authorityOf, printing } from "./printed.ts";

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
