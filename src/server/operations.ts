/** What those who run a registry ask it: whether it lives, whether it is ready, and its counters. */
import { isCrossSite } from "./cross-site.ts";
import type { Handle, ServerRequest, ServerResponse } from "./message.ts";
import type { Metrics } from "./metrics.ts";
import { commonHeaders, refuse } from "./response.ts";

export interface Operations {
  /** Answers `/readyz`: false while it starts, stops, or cannot read its storage. */
  readonly ready: () => boolean | Promise<boolean>;
  /** Answers `/metrics`; without it there is no such path. */
  readonly metrics?: Metrics;
}

/** Puts `/healthz`, `/readyz` and `/metrics` before the registry, and counts what reaches it. */
export function withOperations(handle: Handle, operations: Operations): Handle {
  const { metrics } = operations;
  const registry = metrics === undefined ? handle : metrics.count(handle);
  const answers: Readonly<Record<string, () => Promise<ServerResponse>>> = {
    "/healthz": async () => text(200, "ok\n"),
    "/readyz": async () => ((await isReady(operations)) ? text(200, "ready\n") : text(503, "not ready\n")),
    ...(metrics === undefined
      ? undefined
      : {
          "/metrics": async () => text(200, metrics.render(), "text/plain; version=0.0.4; charset=utf-8"),
        }),
  };
  return (request) => {
    const answer = Object.hasOwn(answers, request.path) ? answers[request.path] : undefined;
    return answer === undefined ? registry(request) : asked(request, answer);
  };
}

async function asked(request: ServerRequest, answer: () => Promise<ServerResponse>): Promise<ServerResponse> {
  if (isCrossSite(request)) return refuse(403, "DENIED", "pages of other sites may not ask this");
  if (request.method === "GET" || request.method === "HEAD") return answer();
  return refuse(405, "UNSUPPORTED", "this is only read", { headers: { allow: "GET, HEAD" } });
}

async function isReady({ ready }: Operations): Promise<boolean> {
  try {
    return await ready();
  } catch {
    return false;
  }
}

function text(status: number, content: string, type = "text/plain; charset=utf-8"): ServerResponse {
  const body = Buffer.from(content);
  const headers = {
    ...commonHeaders,
    "content-type": type,
    "content-length": String(body.length),
    "cache-control": "no-store",
  };
  return { status, headers, body };
}
