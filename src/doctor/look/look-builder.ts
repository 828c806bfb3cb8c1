/** The builder that `docker build` uses: buildx keeps its choice and its builders in files of the user. */
import { posix } from "node:path";
import type { BuilderLook } from "../facts.ts";
import type { DoctorWorld } from "../world.ts";

/** Null for none that is chosen, and for one that is part of the engine. SOURCE: docker/buildx store/{store,nodegroup}.go. */
export async function lookAtBuilder(world: DoctorWorld): Promise<BuilderLook | null> {
  const { environment, home } = world;
  const folder = posix.join(environment.DOCKER_CONFIG || posix.join(home, ".docker"), "buildx");
  const name =
    environment.BUILDX_BUILDER || textAt(await readJson(posix.join(folder, "current"), world), "Name");
  if (!name || !/^[\w.-]+$/.test(name)) return null;
  const group = await readJson(posix.join(folder, "instances", name), world);
  const driver = textAt(group, "Driver");
  if (driver === "" || driver === "docker") return null;
  return { name, driver, configured: registriesOf(group) };
}

type Json = Readonly<Record<string, unknown>>;

async function readJson(path: string, { files }: DoctorWorld): Promise<Json> {
  try {
    const value: unknown = JSON.parse((await files.read(path))?.toString("utf8") ?? "{}");
    return objectOf(value);
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function textAt(value: Json, key: string): string {
  const text = value[key];
  return typeof text === "string" ? text : "";
}

/** Tables `[registry."HOST"]` of each node's buildkitd.toml, which stands there in base64. */
function registriesOf(group: Json): readonly string[] {
  const nodes = Array.isArray(group.Nodes) ? group.Nodes : [];
  return nodes.flatMap((node: unknown) => {
    const encoded = textAt(objectOf(objectOf(node).Files), "buildkitd.toml");
    const text = Buffer.from(encoded, "base64").toString("utf8");
    return [...text.matchAll(/^\s*\[\s*registry\s*\.\s*["']([^"']+)["']/gm)].map(([, name]) => name ?? "");
  });
}
