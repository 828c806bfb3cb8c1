/** One of many who push, move, mount and delete at the same time, each in an order of its own that a seed decides. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { computeDigest, type Digest } from "../../src/registry/digest.ts";
import { mediaTypes } from "../../src/registry/media-types.ts";
import type { Random } from "../fuzz/mutate.ts";
import { makeBytes } from "../support/image-maker.ts";
import type { PlainAnswer, PlainBody, PlainClient } from "../support/plain-http.ts";
import type { Kept, Ledger, OpenUpload } from "./ledger.ts";

export interface PusherOptions {
  readonly client: PlainClient;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Names whatever is this pusher's alone. */
  readonly name: string;
  /** It pushes to the first of these, and mounts from the others. */
  readonly repositories: readonly string[];
  /** Blobs that everybody pushes, mounts and refers to. */
  readonly shared: readonly Buffer[];
  /** Largest blob of its own. */
  readonly mostBytes: number;
}

interface Pusher extends PusherOptions {
  readonly repository: string;
  /** Manifests and blobs of its own that may be deleted. */
  readonly manifests: Digest[];
  readonly loose: Digest[];
  count: number;
}

type Step = (pusher: Pusher) => Promise<void>;

/** Works until `stopped`, or until something is answered that should not be. */
export async function push(options: PusherOptions, stopped: () => boolean): Promise<void> {
  const [repository = ""] = options.repositories;
  const pusher: Pusher = { ...options, repository, manifests: [], loose: [], count: 0 };
  while (!stopped()) {
    pusher.count += 1;
    await steps[pusher.random(steps.length)]?.(pusher);
  }
}

async function ask(
  { client }: Pusher,
  statuses: readonly number[],
  method: string,
  target: string,
  options?: PlainBody,
): Promise<PlainAnswer> {
  const answer = await client.ask(method, target, options);
  assert.ok(statuses.includes(answer.status), `${method} ${target}: ${answer.status} ${answer.bytes}`);
  return answer;
}

const blobOf = (repository: string, digest: Digest): Kept => ({ repository, digest, kind: "blobs" });

function newBytes({ random, name, count, mostBytes }: Pusher): Buffer {
  // Mostly small, sometimes large.
  const size = 1000 + random(random(4) === 0 ? mostBytes : 20_000);
  return makeBytes(size, `${name} ${count} ${random(1e9)}`);
}

const pushAtOnce: Upload = (pusher, bytes, digest) =>
  pusher.ledger.during([blobOf(pusher.repository, digest)], "there", () =>
    ask(pusher, [201], "POST", `/v2/${pusher.repository}/blobs/uploads/?digest=${digest}`, { body: bytes }),
  );

type Upload = (pusher: Pusher, bytes: Buffer, digest: Digest) => Promise<unknown>;

async function begin(pusher: Pusher, bytes: Buffer, digest: Digest): Promise<OpenUpload> {
  const { repository, ledger } = pusher;
  const { headers } = await ask(pusher, [202], "POST", `/v2/${repository}/blobs/uploads/`);
  const location = String(headers.location);
  const upload = { repository, location, bytes, digest, acknowledged: 0, sent: 0, finishing: false };
  ledger.uploads.add(upload);
  return upload;
}

async function finish(pusher: Pusher, upload: OpenUpload, body?: Buffer): Promise<void> {
  const { ledger, repository } = pusher;
  upload.sent = upload.bytes.length;
  upload.finishing = true;
  await ledger.during([blobOf(repository, upload.digest)], "there", () =>
    ask(
      pusher,
      [201],
      "PUT",
      `${upload.location}?digest=${upload.digest}`,
      body === undefined ? {} : { body },
    ),
  );
  ledger.uploads.delete(upload);
}

const pushMonolithic: Upload = async (pusher, bytes, digest) =>
  finish(pusher, await begin(pusher, bytes, digest), bytes);

const pushInChunks: Upload = async (pusher, bytes, digest) => {
  const upload = await begin(pusher, bytes, digest);
  const size = 1 + Math.floor(bytes.length / (2 + pusher.random(4)));
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    upload.sent = at + chunk.length;
    const headers = { "content-range": `${at}-${upload.sent - 1}`, "content-length": String(chunk.length) };
    await ask(pusher, [202], "PATCH", upload.location, { headers, body: chunk });
    upload.acknowledged = upload.sent;
  }
  await finish(pusher, upload);
};

const pushStreamed: Upload = async (pusher, bytes, digest) => {
  const upload = await begin(pusher, bytes, digest);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 16_384) {
      const piece = bytes.subarray(at, at + 16_384);
      upload.sent = at + piece.length;
      yield piece;
    }
  }
  await ask(pusher, [202], "PATCH", upload.location, {
    body: Readable.from(pieces(), { objectMode: false }),
  });
  upload.acknowledged = bytes.length;
  await finish(pusher, upload);
};

const uploads: readonly Upload[] = [pushAtOnce, pushMonolithic, pushInChunks, pushStreamed];

async function pushBlob(pusher: Pusher, bytes: Buffer): Promise<Digest> {
  const digest = computeDigest(bytes);
  await uploads[pusher.random(uploads.length)]?.(pusher, bytes, digest);
  return digest;
}

async function mountShared(pusher: Pusher, bytes: Buffer): Promise<void> {
  const { repositories, repository, random, ledger } = pusher;
  const digest = computeDigest(bytes);
  const from = repositories[random(repositories.length)] ?? repository;
  const target = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`;
  const { status, headers } = await ledger.during([], "there", () => ask(pusher, [201, 202], "POST", target));
  if (status === 201) {
    // Mounting it once more changes nothing, and tells that it is there.
    await ledger.during([blobOf(repository, digest)], "there", () => ask(pusher, [201], "POST", target));
    return;
  }
  await ask(pusher, [204], "DELETE", String(headers.location));
  await pushBlob(pusher, bytes);
}

/** An image of a blob of its own, and one that everybody has. */
async function makeManifest(pusher: Pusher): Promise<Buffer> {
  const { shared, random, name, count } = pusher;
  const layers = [newBytes(pusher), shared[random(shared.length)] ?? Buffer.from("{}")];
  const [own, common] = layers;
  if (own !== undefined) await pushBlob(pusher, own);
  if (common !== undefined) await (random(2) === 0 ? mountShared : pushBlob)(pusher, common);
  const describe = (bytes: Buffer, mediaType: string) => ({
    mediaType,
    digest: computeDigest(bytes),
    size: bytes.length,
  });
  const config = Buffer.from(`{"architecture":"amd64","os":"linux","author":"${name} ${count}"}`);
  await pushBlob(pusher, config);
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe(config, mediaTypes.ociConfig),
      layers: layers.map((layer) => describe(layer, mediaTypes.ociLayerGzip)),
    }),
  );
}

const pushImage: Step = async (pusher) => {
  const { ledger, repository, random, name } = pusher;
  const body = await makeManifest(pusher);
  const digest = computeDigest(body);
  // A few tags each: they move to and fro.
  const tag = `${name}-${random(3)}`;
  const byDigest = random(3) === 0;
  const target = `/v2/${repository}/manifests/${byDigest ? digest : tag}`;
  const put = () =>
    ask(pusher, [201], "PUT", target, { headers: { "content-type": mediaTypes.ociManifest }, body });
  const manifest: Kept = { repository, digest, kind: "manifests" };
  await ledger.during([manifest], "there", () =>
    byDigest ? put() : ledger.tagging([`${repository}:${tag}`], digest, put),
  );
  pusher.manifests.push(digest);
};

/** Of its own tags those that lead there, or may. */
function tagsOf({ ledger, repository, name }: Pusher, digest: Digest | null): readonly string[] {
  return [...ledger.tags]
    .filter(([tag, { acknowledged }]) => tag.startsWith(`${repository}:${name}-`) && acknowledged === digest)
    .map(([tag]) => tag);
}

const deleteManifest: Step = async (pusher) => {
  const { ledger, repository, manifests, random } = pusher;
  const [digest] = manifests.splice(random(manifests.length), 1);
  if (digest === undefined) return;
  const remove = () => ask(pusher, [202], "DELETE", `/v2/${repository}/manifests/${digest}`);
  await ledger.during([{ repository, digest, kind: "manifests" }], "gone", () =>
    ledger.tagging(tagsOf(pusher, digest), null, remove),
  );
};

const deleteTag: Step = async (pusher) => {
  const { ledger, repository, name, random } = pusher;
  const tag = `${name}-${random(3)}`;
  const led = ledger.tags.get(`${repository}:${tag}`)?.acknowledged ?? null;
  await ledger.tagging([`${repository}:${tag}`], null, () =>
    ask(pusher, [led === null ? 404 : 202], "DELETE", `/v2/${repository}/manifests/${tag}`),
  );
};

const pushLoose: Step = async (pusher) => {
  pusher.loose.push(await pushBlob(pusher, newBytes(pusher)));
};

const deleteLoose: Step = async (pusher) => {
  const { ledger, repository, loose } = pusher;
  const digest = loose.pop();
  if (digest === undefined) return;
  await ledger.during([blobOf(repository, digest)], "gone", () =>
    ask(pusher, [202], "DELETE", `/v2/${repository}/blobs/${digest}`),
  );
};

const readManifest: Step = async (pusher) => {
  const { repository, manifests, random } = pusher;
  const digest = manifests[random(manifests.length || 1)];
  if (digest === undefined) return;
  const { bytes } = await ask(pusher, [200], "GET", `/v2/${repository}/manifests/${digest}`);
  assert.equal(computeDigest(bytes), digest);
};

const readShared: Step = async (pusher) => {
  const { repository, shared, random } = pusher;
  const wanted = shared[random(shared.length)];
  if (wanted === undefined) return;
  const target = `/v2/${repository}/blobs/${computeDigest(wanted)}`;
  const { status, bytes } = await ask(pusher, [200, 404], "GET", target);
  assert.ok(status === 404 || bytes.equals(wanted), target);
};

const steps: readonly Step[] = [
  pushImage,
  pushImage,
  pushImage,
  deleteManifest,
  deleteTag,
  pushLoose,
  pushLoose,
  deleteLoose,
  readManifest,
  readShared,
  readShared,
];
