import type { Readable } from "node:stream";
import { RegctlError } from "../../errors.ts";
import { ConnectionFailure, isOfTheWorld, toConnectionFailure } from "./failure.ts";
import { isStreamed, isSuccess, type RegistryRequest, type Send } from "./send.ts";
import type { Transport } from "./transport.ts";

/** As much of a failure's answer as anybody reads. */
const longestFailure = 64 * 1024;
const headersTimeoutMs = 60_000;
const idleTimeoutMs = 60_000;
/** Bodies up to this length gain by HTTP/2, larger ones lose. */
const small = 64 * 1024;

/** The innermost `Send`: asks the network, and reads the answers that are wanted whole. */
export function sendBy(transport: Transport): Send {
  return async (request) => {
    const { method, url, headers, signal, answer } = request;
    const response = await transport
      .request({
        method,
        url,
        headers: { ...headers, ...lengthOf(request) },
        body: openBody(request),
        spends: isStreamed(request.body) && request.body.spends === true,
        large: isLarge(request),
        headersTimeoutMs: request.headersTimeoutMs ?? headersTimeoutMs,
        idleTimeoutMs,
        signal,
      })
      .catch((error: unknown) => {
        throw failureOf(error, signal, false);
      });
    const { status, body } = response;
    const head = { status, headers: response.headers, url };
    if (answer === "stream" && isSuccess(status)) return { ...head, bytes: Buffer.alloc(0), stream: body };
    try {
      const bytes = isSuccess(status)
        ? await readWhole(body, answer === "stream" ? longestFailure : answer, request, status)
        : await readSome(body, longestFailure);
      // A connection is free one turn after the last byte: who asks at once would open another.
      await new Promise((resolve) => setImmediate(resolve));
      return { ...head, bytes, stream: null };
    } catch (error) {
      throw failureOf(error, signal, true);
    }
  };
}

/** An interrupted request ends with the reason of the interruption. */
function failureOf(error: unknown, signal: AbortSignal, answering: boolean): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof RegctlError || !isOfTheWorld(error)) return error;
  return toConnectionFailure(error, answering);
}

function openBody({ body }: RegistryRequest): Buffer | Readable | null {
  if (body === undefined) return null;
  return isStreamed(body) ? body.open() : body;
}

function lengthOf({ body, method }: RegistryRequest): Readonly<Record<string, string>> {
  const length = isStreamed(body) ? body.length : (body?.length ?? null);
  // Some servers answer 411 to a POST that says nothing about its length.
  if (body === undefined && (method === "GET" || method === "HEAD" || method === "DELETE")) return {};
  if (body === undefined) return { "content-length": "0" };
  return length === null ? {} : { "content-length": String(length) };
}

function isLarge({ answer, body }: RegistryRequest): boolean {
  if (answer === "stream") return true;
  return isStreamed(body) ? (body.length ?? small + 1) > small : (body?.length ?? 0) > small;
}

async function readWhole(
  stream: Readable,
  longest: number,
  { method, url }: RegistryRequest,
  status: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > longest) {
      const message = `its answer is longer than ${longest} bytes`;
      throw new RegctlError("REGISTRY_ERROR", {
        registry: url.host,
        request: `${method} ${url.pathname}`,
        status,
        message,
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

/** The beginning, whatever follows; a body that breaks off has been long enough. */
async function readSome(stream: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      length += bytes.length;
      if (length >= most) break;
    }
  } catch (error) {
    const { kind } = toConnectionFailure(error, true);
    if (kind === "timeout")
      throw new ConnectionFailure(kind, "it stopped in the middle of its answer", {
        sent: true,
        cause: error,
      });
  }
  return Buffer.concat(chunks, length).subarray(0, most);
}
