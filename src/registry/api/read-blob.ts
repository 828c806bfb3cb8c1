/** Blobs that are documents, such as configurations: read whole, asked for again when the connection breaks. */
import { RegctlError } from "../../errors.ts";
import { type Descriptor, embeddedContent } from "../descriptor.ts";
import { repositoryScope } from "../scope.ts";
import { verifyBytes } from "../verify.ts";
import { call, nameOf, type RegistryCall } from "./call.ts";

/** Real configurations have kilobytes. */
const mostBytes = 8 * 1024 * 1024;

/** Verified. Throws NOT_FOUND, DIGEST_MISMATCH, and CONTENT_BROKEN for one that is said to be over 8 MiB long. */
export async function readBlob(
  registry: RegistryCall,
  repository: string,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  const what = `${nameOf(registry, repository)}@${digest}`;
  if (size > mostBytes) {
    const problem = `it has ${size} bytes, and of a document at most ${mostBytes} are read`;
    throw new RegctlError("CONTENT_BROKEN", { what, problem });
  }
  const embedded = embeddedContent(descriptor);
  if (embedded !== null) return embedded;
  const { bytes } = await call(registry, "GET", `${repository}/blobs/${digest}`, {
    scopes: [repositoryScope(repository, "pull")],
    what,
    // Packed on the way it would not be the blob any more.
    headers: { "accept-encoding": "identity" },
    answer: mostBytes,
    expect: [200],
  });
  verifyBytes(bytes, { digest, size, what });
  return bytes;
}
