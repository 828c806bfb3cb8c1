/** `GET /v2/NAME/tags/list` (end-8a, end-8b). */
import type { Handler, Methods } from "../core.ts";
import { isResponse, nextLink, parsePage } from "../page.ts";
import { json, refuse } from "../response.ts";

const list: Handler = async ({ storage, limits }, { query }, { repository }) => {
  // Whoever names no number may well not know of pages.
  const page = parsePage(query, { ...limits, page: limits.longestPage });
  if (isResponse(page)) return page;
  const found = await storage.tags(repository, page);
  if (found === null) {
    const detail = { name: repository };
    return refuse(404, "NAME_UNKNOWN", "there is no such repository", { detail });
  }
  const last = found.entries.at(-1);
  const link =
    found.more && last !== undefined
      ? { link: nextLink(`/v2/${repository}/tags/list`, { last, n: String(page.limit) }) }
      : undefined;
  return json(200, { name: repository, tags: found.entries }, link);
};

export const tags: Methods = { GET: list, HEAD: list };
