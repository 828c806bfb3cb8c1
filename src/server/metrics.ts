/** Counters of a running registry, in the text that Prometheus reads. Pure but for counting. */
import type { Handle, ServerRequest, ServerResponse, Slice } from "./message.ts";
import { parseRoute } from "./route.ts";

export interface Metrics {
  /** Counts what goes through. */
  readonly count: (handle: Handle) => Handle;
  /** Prometheus' text format, version 0.0.4. */
  readonly render: () => string;
}

interface Counters {
  /** By labels as they are shown. */
  readonly requests: Map<string, number>;
  inFlight: number;
  uploads: number;
  bytesIn: number;
  bytesOut: number;
}

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

export function createMetrics(): Metrics {
  const counters: Counters = { requests: new Map(), inFlight: 0, uploads: 0, bytesIn: 0, bytesOut: 0 };
  return {
    count: (handle) => (request) => counted(counters, handle, request),
    render: () => render(counters),
  };
}

async function counted(counters: Counters, handle: Handle, request: ServerRequest): Promise<ServerResponse> {
  const route = parseRoute(request.path);
  const resource = "refused" in route ? "other" : route.resource;
  const writes = (resource === "upload" || resource === "uploads") && request.length !== 0;
  counters.inFlight += 1;
  counters.uploads += writes ? 1 : 0;
  const end = (status: number) => {
    counters.inFlight -= 1;
    const method = methods.has(request.method) ? request.method : "other";
    const labels = `method="${method}",resource="${resource}",status="${status}"`;
    counters.requests.set(labels, (counters.requests.get(labels) ?? 0) + 1);
  };
  try {
    const response = await handle(request.length === 0 ? request : withCountedBody(counters, request));
    const { body, status } = response;
    if (body !== null && "kind" in body) {
      return { ...response, body: countedSlice(counters, body, () => end(status)) };
    }
    counters.bytesOut += request.method === "HEAD" ? 0 : (body?.length ?? 0);
    end(status);
    return response;
  } catch (error) {
    end(500);
    throw error;
  } finally {
    counters.uploads -= writes ? 1 : 0;
  }
}

function withCountedBody(counters: Counters, request: ServerRequest): ServerRequest {
  async function* body(): AsyncGenerator<Buffer> {
    for await (const chunk of request.body) {
      counters.bytesIn += chunk.length;
      yield chunk;
    }
  }
  return { ...request, body: body() };
}

/** A download is in flight until its last byte is sent. */
function countedSlice(counters: Counters, slice: Slice, end: () => void): Slice {
  return {
    ...slice,
    read: async (target, position) => {
      const got = await slice.read(target, position);
      counters.bytesOut += got;
      return got;
    },
    close: () => {
      end();
      return slice.close();
    },
  };
}

function render({ requests, inFlight, uploads, bytesIn, bytesOut }: Counters): string {
  const byLabels = [...requests]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([labels, count]) => `regctl_registry_requests_total{${labels}} ${count}`);
  return [
    ...about("requests_total", "counter", "Requests answered"),
    ...byLabels,
    ...about("requests_in_flight", "gauge", "Requests under way"),
    `regctl_registry_requests_in_flight ${inFlight}`,
    ...about("uploads_in_flight", "gauge", "Requests whose body is being stored as a blob"),
    `regctl_registry_uploads_in_flight ${uploads}`,
    ...about("received_bytes_total", "counter", "Bytes of request bodies"),
    `regctl_registry_received_bytes_total ${bytesIn}`,
    ...about("sent_bytes_total", "counter", "Bytes of response bodies"),
    `regctl_registry_sent_bytes_total ${bytesOut}`,
    "",
  ].join("\n");
}

function about(name: string, type: "counter" | "gauge", help: string): readonly string[] {
  return [`# HELP regctl_registry_${name} ${help}.`, `# TYPE regctl_registry_${name} ${type}`];
}
