/** What is left of the first registry API: the two requests that every engine sends for `docker search`. */
import type { Handler, Methods } from "../core.ts";
import { json } from "../response.ts";

const standalone = { "x-docker-registry-standalone": "true" };

const answerPing: Handler = async () => json(200, {}, standalone);

/** Engines allow `--limit` 1 to 100 and send 25 when it is not given. */
const usualResults = 25;
const mostResults = 100;

const find: Handler = async ({ storage }, { query }) => {
  const term = query.get("q") ?? "";
  const asked = Number(query.get("n") ?? usualResults);
  const limit = Number.isInteger(asked) && asked >= 1 ? Math.min(asked, mostResults) : usualResults;
  const { names, total } = await storage.searchRepositories(term.toLowerCase(), limit);
  const results = names.map((name) => ({
    name,
    description: "",
    star_count: 0,
    is_official: false,
    is_automated: false,
  }));
  return json(200, { query: term, num_results: total, results }, standalone);
};

export const v1Ping: Methods = { GET: answerPing, HEAD: answerPing };
export const v1Search: Methods = { GET: find, HEAD: find };
