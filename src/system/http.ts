/** HTTP to engines, over whatever stream leads there. */
import type { Dial, HttpOverStream } from "../engine/carrier.ts";
import { isShort, openShortHttp } from "./short-http.ts";

/** Engines close idle connections late or never; a new one may cost an SSH channel and a sudo. */
const keepAliveMs = 60_000;

/** What long answers and bodies need takes longer to load than an engine to answer: only for those. */
export function openHttp(dial: Dial): HttpOverStream {
  const short = openShortHttp(dial, keepAliveMs);
  let loading: Promise<HttpOverStream> | undefined;
  const long = (): Promise<HttpOverStream> => {
    loading ??= import("./long-http.ts").then(({ openLongHttp }) => openLongHttp(dial, keepAliveMs));
    return loading;
  };
  return {
    request: async (request) =>
      isShort(request) ? await short.request(request) : await (await long()).request(request),
    close: async () => {
      short.close();
      await (await loading)?.close();
    },
  };
}
