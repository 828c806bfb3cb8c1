import type { Emit } from "../../ports.ts";
import { parseWarnings } from "../warning-header.ts";
import type { Send } from "./send.ts";

/** Shows what a registry has to say to its users (`Warning: 299 - "..."`), each text once. */
export function withWarnings(send: Send, emit: Emit): Send {
  const shown = new Set<string>();
  return async (request) => {
    const response = await send(request);
    for (const warning of parseWarnings(response.headers.warning ?? "")) {
      const told = `${request.url.host} ${warning}`;
      if (shown.has(told)) continue;
      shown.add(told);
      emit({ event: "warning", host: request.url.host, warning });
    }
    return response;
  };
}
