/** `GET /v2/`: that this is a registry. */
import type { Handler, Methods } from "../core.ts";
import { json } from "../response.ts";

const answer: Handler = async () => json(200, {});

export const base: Methods = { GET: answer, HEAD: answer };
