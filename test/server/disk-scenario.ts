/** A life of a storage in steps, each of which must have happened wholly or not at all, and what can be seen of it. */
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import type { DiskStorage } from "../../src/server/disk/disk-storage.ts";
import { collectGarbage } from "../../src/server/disk/gc.ts";
import type { NewManifest } from "../../src/server/storage.ts";
import { bodyOf, most, readBlob } from "./storage-parts.ts";

const contents = ["the first layer", "the second layer", "a layer that nobody needs"] as const;
const [first, second, unneeded] = contents;

export function imageOf(layer: string, tags: readonly string[], subject: Digest | null = null): NewManifest {
  const described = { digest: computeDigest(layer), size: layer.length, mediaType: mediaTypes.ociLayer };
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, config: described, layers: [described], tagged: tags.join() }),
  );
  const digest = computeDigest(bytes);
  return {
    bytes,
    digest,
    mediaType: mediaTypes.ociManifest,
    tags,
    subject,
    artifactType: null,
    annotations: {},
  };
}

const one = imageOf(first, ["v1", "latest"]);
const two = imageOf(second, ["latest"]);
const statement = imageOf(first, [], one.digest);
const manifests = [one, two, statement];
const repositories = ["team/app", "other", "brief"];

/** An upload is begun anew when it is not there any more. */
async function pushBlob(storage: DiskStorage, repository: string, content: string): Promise<void> {
  const { id } = await storage.startUpload(repository);
  await storage.appendUpload(repository, id, 0, bodyOf(content.slice(0, 5), content.slice(5)), most);
  const result = await storage.finishUpload(repository, id, computeDigest(content));
  if (result !== "stored") throw new Error(result);
}

export type Step = (storage: DiskStorage) => Promise<unknown>;

export const steps: readonly Step[] = [
  (storage) => pushBlob(storage, "team/app", first),
  (storage) => storage.putManifest("team/app", one),
  (storage) => pushBlob(storage, "team/app", second),
  (storage) => storage.putManifest("team/app", two),
  (storage) => storage.linkBlob("other", computeDigest(first), "team/app"),
  (storage) => storage.putManifest("other", one),
  (storage) => storage.putManifest("other", statement),
  (storage) => pushBlob(storage, "brief", unneeded),
  (storage) => storage.linkBlob("brief", computeDigest(second), null),
  (storage) => storage.putManifest("brief", two),
  (storage) => storage.deleteTag("team/app", "v1"),
  (storage) => storage.deleteManifest("brief", two.digest),
  (storage) => storage.deleteManifest("team/app", one.digest),
  (storage) => storage.unlinkBlob("brief", computeDigest(unneeded)),
  (storage) => pushBlob(storage, "brief", unneeded),
  (storage) => collectGarbage(storage, { graceMs: 0 }),
];

/** What can be seen, each fact for itself: of an atomic change all belongs to one. */
export type Facts = ReadonlyMap<string, string>;

export async function observe(storage: DiskStorage): Promise<Facts> {
  const facts = new Map<string, string>();
  for (const repository of repositories) {
    const { entries = [] } = (await storage.tags(repository, { limit: 100 })) ?? {};
    const shown: string[] = [];
    for (const key of [...entries, ...manifests.map(({ digest }) => digest)]) {
      const found = await storage.getManifest(repository, key);
      shown.push(`${key} ${found?.bytes.toString() ?? "-"}`);
    }
    const said = await storage.referrers(repository, one.digest);
    facts.set(`${repository}: manifests`, [...shown, JSON.stringify(said)].join("\n"));
    for (const content of contents) {
      const found = await readBlob(storage, repository, computeDigest(content));
      facts.set(`${repository}: ${content}`, found ?? "-");
    }
  }
  const { entries } = await storage.repositories({ limit: 100 });
  for (const repository of repositories) {
    const listed = entries.includes(repository) === ((await storage.tags(repository, { limit: 1 })) !== null);
    facts.set(`${repository}: listed`, listed ? "as it should" : "wrongly");
  }
  return facts;
}

/** The facts before the first step and after each. */
export async function observeAll(storage: DiskStorage): Promise<readonly Facts[]> {
  const seen = [await observe(storage)];
  for (const step of steps) {
    await step(storage);
    seen.push(await observe(storage));
  }
  return seen;
}
