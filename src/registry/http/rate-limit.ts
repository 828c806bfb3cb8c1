import type { Emit } from "../../ports.ts";
import type { Send } from "./send.ts";

/** A tenth of what is allowed. */
const lowPart = 0.1;

/**
 * Notes once that a registry will soon answer no more: Docker Hub tells with each manifest how many are left
 * (`ratelimit-remaining: 7;w=21600`, of `ratelimit-limit: 100;w=21600`).
 */
export function withRateLimit(send: Send, emit: Emit): Send {
  const told = new Set<string>();
  return async (request) => {
    const response = await send(request);
    const { host } = request.url;
    const limit = readCount(response.headers["ratelimit-limit"]);
    const left = readCount(response.headers["ratelimit-remaining"]);
    if (limit === null || left === null || left.count > limit.count * lowPart || told.has(host))
      return response;
    told.add(host);
    const hours = left.seconds === null ? "" : ` in ${Math.round(left.seconds / 360) / 10} hours`;
    const note = `${host} lets ${left.count} more of ${limit.count} requests for manifests pass${hours}`;
    emit({ event: "note", host, note });
    return response;
  };
}

/** `100;w=21600` */
function readCount(
  header: string | undefined,
): { readonly count: number; readonly seconds: number | null } | null {
  const found = /^\s*(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?/.exec(header ?? "");
  if (found === null) return null;
  return { count: Number(found[1]), seconds: found[2] === undefined ? null : Number(found[2]) };
}
