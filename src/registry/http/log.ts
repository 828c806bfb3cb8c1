import type { Emit } from "../../ports.ts";
import { redactUrl } from "../redact.ts";
import { ConnectionFailure } from "./failure.ts";
import type { Send } from "./send.ts";

/** Tells every request and what came back, for `--verbose`. What may be secret in an address is left out. */
export function withLog(send: Send, emit: Emit, now: () => Date): Send {
  return async (request) => {
    const { method, url } = request;
    const begin = now().getTime();
    const tell = (outcome: string): void => {
      const ms = now().getTime() - begin;
      emit({
        event: "trace",
        host: url.host,
        trace: `${method} ${redactUrl(url.href)}: ${outcome}, ${ms} ms`,
      });
    };
    try {
      const response = await send(request);
      tell(String(response.status));
      return response;
    } catch (error) {
      tell(error instanceof ConnectionFailure ? error.message : "no answer");
      throw error;
    }
  };
}
