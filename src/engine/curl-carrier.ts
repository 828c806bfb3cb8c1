import { isRegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import {
  CarrierError,
  type EngineCarrier,
  type EngineRequest,
  type EngineRequestOptions,
  type EngineResponse,
} from "./carrier.ts";
import { readBounded } from "./http-carrier.ts";

/** How much longer than curl's own limit the command may take: starting it, sudo, the way there and back. */
const slackMs = 10_000;
const mostHeaderBytes = 64 * 1024;

/**
 * Each request is one run of curl (7.40 or newer) on the host: for hosts where no stream to the socket can be
 * had. `host` must have the rights to open the socket.
 */
export function openCurlCarrier(host: Host, socketPath: string): EngineCarrier {
  const request: EngineRequest = async (method, path, options) => {
    const output = await runCurl(host, curlArguments(socketPath, method, path, options), options);
    const response = parseCurlOutput(output);
    if (response === null) throw new CarrierError("curl printed no answer");
    if (response.body.length > options.maxBytes) throw tooLong(options);
    return response;
  };
  const stream = async (): Promise<never> => {
    throw new CarrierError(
      "its images cannot be read or written here: no stream reaches its socket, curl alone does",
    );
  };
  return { request, stream, close: async () => {} };
}

/** A stream rather than `run`: that one would hold an endless answer in memory. */
async function runCurl(host: Host, argv: readonly string[], options: EngineRequestOptions): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const stream = await host.open(argv);
    timer = setTimeout(() => stream.destroy(timedOut(options)), options.timeoutMs + slackMs);
    // Nothing is written where there is nothing to send: curl may have ended already, and say why.
    if (options.body) stream.end(options.body);
    else stream.end();
    return await readBounded(stream, options.maxBytes + mostHeaderBytes);
  } catch (error) {
    if (isRegctlError(error, "HOST_COMMAND_FAILED")) throw curlFailed(error.facts, error, options);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Pure. Ignores the configuration and the proxies of whoever runs it. */
export function curlArguments(
  socketPath: string,
  method: string,
  path: string,
  options: EngineRequestOptions,
): readonly string[] {
  const seconds = String(options.timeoutMs / 1000);
  const headers = Object.entries({ Expect: "", ...options.headers }).flatMap(([name, value]) => [
    "-H",
    value === "" ? `${name}:` : `${name}: ${value}`,
  ]);
  const body = options.body === undefined ? [] : ["--data-binary", "@-"];
  const limits = ["--max-time", seconds, "--max-filesize", String(options.maxBytes)];
  const target = ["--unix-socket", socketPath, "-X", method, ...headers, ...body, `http://engine${path}`];
  return ["curl", "-q", "-sS", "-i", "--noproxy", "*", ...limits, ...target];
}

const headEnd = Buffer.from("\r\n\r\n");

/** What `curl -i` printed, as a response; null when it is none. Interim answers (1xx) are skipped. Pure. */
export function parseCurlOutput(output: Buffer): EngineResponse | null {
  const end = output.indexOf(headEnd);
  if (end < 0) return null;
  const [statusLine = "", ...lines] = output.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/\d(?:\.\d)? (\d{3})/.exec(statusLine)?.[1]);
  if (!Number.isInteger(status)) return null;
  const body = output.subarray(end + headEnd.length);
  if (status < 200) return parseCurlOutput(body);
  return { status, headers: parseHeaders(lines), body };
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

/** curl's exit codes that say more than its words: https://curl.se/libcurl/c/libcurl-errors.html */
const timedOutCode = 28;
const tooLongCode = 63;

function curlFailed(
  { code, output }: { readonly code: number | null; readonly output: string },
  cause: unknown,
  options: EngineRequestOptions,
): CarrierError {
  if (code === timedOutCode) return timedOut(options);
  if (code === tooLongCode) return tooLong(options);
  const words = output.trim().split("\n").at(-1);
  return new CarrierError(words || `curl ended with code ${code} and no answer`, { cause });
}

function timedOut({ timeoutMs }: EngineRequestOptions): CarrierError {
  return new CarrierError(`no answer within ${timeoutMs / 1000} s`, { timedOut: true });
}

function tooLong({ maxBytes }: EngineRequestOptions): CarrierError {
  return new CarrierError(`the answer is longer than ${maxBytes} bytes`);
}
