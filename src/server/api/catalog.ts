/** `GET /v2/_catalog`: which repositories there are. Not of the OCI, and asked for by every tool that looks around. */
import type { Handler, Methods } from "../core.ts";
import { isResponse, nextLink, parsePage } from "../page.ts";
import { json } from "../response.ts";

const list: Handler = async ({ storage, limits }, { query }) => {
  const page = parsePage(query, limits);
  if (isResponse(page)) return page;
  const { entries, more } = await storage.repositories(page);
  const last = entries.at(-1);
  const link =
    more && last !== undefined
      ? { link: nextLink("/v2/_catalog", { last, n: String(page.limit) }) }
      : undefined;
  return json(200, { repositories: entries }, link);
};

export const catalog: Methods = { GET: list, HEAD: list };
