import type { Readable } from "node:stream";
import { isRegctlError, type RegctlError } from "../errors.ts";
import {
  CarrierError,
  type Dial,
  type EngineCarrier,
  type EngineRequest,
  type HttpOverStream,
  type OpenEngineStream,
  type OpenHttp,
} from "./carrier.ts";

/**
 * Requests over connections that `dial` opens. Where the way there fails as a whole (a lost SSH connection, a
 * refused password) its own error comes through; where only this stream fails it is a CarrierError.
 */
export function openHttpCarrier(dial: Dial, openHttp: OpenHttp): EngineCarrier {
  const http = openHttp(dial);
  const request: EngineRequest = async (method, path, options) => {
    const deadline = AbortSignal.timeout(options.timeoutMs);
    try {
      const response = await http.request({
        method,
        path,
        headers: { ...options.headers },
        ...(options.body === undefined ? {} : { body: options.body }),
        short: true,
        signal: deadline,
      });
      const body = await readBounded(response.body, options.maxBytes);
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      throw carrierError(error, deadline.aborted ? options.timeoutMs : null);
    }
  };
  const open = new Set<HttpOverStream>();
  return {
    request,
    stream: openStreamBy(dial, openHttp, open),
    close: async () => {
      await Promise.all([http, ...open].map((each) => each.close()));
    },
  };
}

function openStreamBy(dial: Dial, openHttp: OpenHttp, open: Set<HttpOverStream>): OpenEngineStream {
  return async (method, path, { headers = {}, body, answerWithinMs, signal }) => {
    signal.throwIfAborted();
    const http = openHttp(dial);
    open.add(http);
    const end = () => {
      open.delete(http);
      http.close().catch(() => {});
    };
    // The head alone has a deadline: how long the rest takes is the caller's to judge.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), answerWithinMs);
    try {
      const response = await http.request({
        method,
        path,
        headers,
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([signal, late.signal]),
      });
      response.body.once("close", end);
      return { status: response.status, body: response.body };
    } catch (error) {
      end();
      if (signal.aborted) throw signal.reason;
      throw carrierError(error, late.signal.aborted ? answerWithinMs : null);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The whole stream; throws CarrierError, and ends the stream, when it is longer. */
export async function readBounded(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxBytes) throw new CarrierError(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

function carrierError(error: unknown, timedOutMs: number | null): unknown {
  if (error instanceof CarrierError) return error;
  if (isRegctlError(error)) {
    const reason = streamFailure(error);
    return reason === null ? error : new CarrierError(reason, { cause: error });
  }
  if (timedOutMs === null) return new CarrierError(messageOf(error), { cause: error });
  return new CarrierError(`no answer within ${timedOutMs / 1000} s`, { timedOut: true, cause: error });
}

/** Why one stream could not be had, or null when the error says more than that. */
function streamFailure(error: RegctlError): string | null {
  if (isRegctlError(error, "SSH_FORWARD_DENIED") || isRegctlError(error, "SSH_FORWARD_FAILED")) {
    return error.facts.reason;
  }
  if (!isRegctlError(error, "HOST_COMMAND_FAILED")) return null;
  return error.facts.output.trim().split("\n").at(-1) || `the command ended with code ${error.facts.code}`;
}

/** What a person can use: the system's own words where the message has none. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
