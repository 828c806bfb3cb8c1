import type { Send } from "./send.ts";

/** Says who asks. Some registries serve only who does. */
export function withUserAgent(send: Send, userAgent: string): Send {
  return (request) => send({ ...request, headers: { "user-agent": userAgent, ...request.headers } });
}
