/** What became of an image, whichever way it went. */
import type { Digest } from "../registry/digest.ts";
import type { PublishItem } from "./outcome.ts";

export interface Published extends Pick<PublishItem, "imageId" | "bytesSent" | "bytesReused" | "layers"> {
  /** Of what stands under the names now; null where it is planned only, and not known before. */
  readonly root: Digest | null;
}
