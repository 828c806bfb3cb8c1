/** Bytes in memory as a blob of the first repository. */
import { Readable } from "node:stream";
import { RegctlError } from "../errors.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { createFeed } from "../transfer/feed.ts";
import type { Destination } from "./destination.ts";
import type { PublishWorld } from "./world.ts";

/** Verified. Gives the bytes that travelled. */
export async function putBlob(
  descriptor: Descriptor,
  bytes: Buffer,
  { destination, onBytes }: { readonly destination: Destination; readonly onBytes: (count: number) => void },
  { clock }: Pick<PublishWorld, "clock">,
): Promise<number> {
  const { digest, size } = descriptor;
  const what = `${destination.client.registry}/${destination.repository}@${digest}`;
  const moved = await destination.target(destination.repository, null).moveBlob(descriptor, () =>
    createFeed({
      digest,
      size,
      what,
      open: async (start) => ({ stream: Readable.from([bytes.subarray(start)]), start, size }),
      broken: (error) => new RegctlError("CONTENT_BROKEN", { what, problem: String(error) }),
      verify: true,
      ranges: null,
      sleep: (ms, signal) => clock.sleep(ms, signal ?? destination.signal),
      now: () => clock.now().getTime(),
      onBytes,
    }),
  );
  return moved.bytes;
}
