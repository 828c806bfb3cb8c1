/** Control sockets: JSON, a line each way, progress between them. */
import { once } from "node:events";
import { chmod, mkdir, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { type ErrorCode, isRegctlError, RegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import type { ProgressEvent } from "../ports.ts";
import type { AskOptions, ControlAnswer, ControlRequest, ControlSockets } from "../service/control.ts";

/** Linux has room for 107 bytes and a zero; a longer path would be cut without a word. */
const longestPath = 107;
const mostRequestBytes = 64 * 1024;
const requestMs = 5000;

type Message =
  | { readonly event: ProgressEvent }
  | { readonly answer: object }
  | { readonly failed: { readonly code: string; readonly facts: object } };

export const controlSockets: ControlSockets = {
  listen: async (path, answer) => {
    assertLength(path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(path, { force: true });
    const server = createServer((socket) => void serve(socket, answer));
    server.listen(path);
    await once(server, "listening");
    await chmod(path, 0o600);
    return { close: () => closeServer(server) };
  },
  ask: (path, request, options) => {
    assertLength(path);
    return ask(path, request, options);
  },
};

function assertLength(path: string): void {
  if (Buffer.byteLength(path) <= longestPath) return;
  const problem = "the path is too long for a socket; name a shorter folder by XDG_STATE_HOME";
  throw new RegctlError("STATE_UNREADABLE", { path, problem });
}

async function closeServer(server: Server): Promise<void> {
  // It removes the socket itself; connections end with their answers.
  server.close();
  server.unref();
}

async function serve(socket: Socket, answer: ControlAnswer): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => {});
  socket.once("close", () => gone.abort(new Error("whoever asked went away")));
  const say = (message: Message): void => void socket.write(`${JSON.stringify(message)}\n`);
  try {
    const request = await readRequest(socket);
    say({ answer: await answer(request, { tell: (event) => say({ event }), signal: gone.signal }) });
  } catch (error) {
    say({ failed: isRegctlError(error) ? { code: error.code, facts: error.facts } : internal(error) });
  }
  socket.end();
}

function internal(error: unknown): { readonly code: string; readonly facts: object } {
  return { code: "INTERNAL", facts: { what: String(error) } };
}

async function readRequest(socket: Socket): Promise<ControlRequest> {
  socket.setTimeout(requestMs, () => socket.destroy());
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes("\n") || text.length > mostRequestBytes) break;
  }
  socket.setTimeout(0);
  const request: unknown = JSON.parse(text);
  if (typeof request !== "object" || request === null || !("ask" in request))
    throw new Error("not a request");
  return { ...request, ask: String(request.ask) };
}

async function ask(path: string, request: ControlRequest, options: AskOptions): Promise<unknown> {
  const { signal, timeoutMs, tell } = options;
  const socket = connect(path);
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    if (isNobody(error)) return null;
    throw error;
  }
  const end = (): void => void socket.destroy();
  signal.addEventListener("abort", end);
  socket.on("error", () => {});
  socket.setTimeout(timeoutMs, end);
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    for await (const line of linesOf(socket)) {
      const message: Message = JSON.parse(line);
      if ("answer" in message) return message.answer;
      if ("failed" in message) throw revive(message.failed);
      tell?.(message.event);
    }
  } finally {
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
  signal.throwIfAborted();
  throw new RegctlError("STATE_UNREADABLE", { path, problem: "whoever listens there does not answer" });
}

/** To its end, or to its break: of that a readline interface hears nothing, and would wait for ever. */
async function* linesOf(socket: Socket): AsyncGenerator<string> {
  socket.setEncoding("utf8");
  let rest = "";
  try {
    for await (const chunk of socket) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch {
    // Whoever asks finds that the answer has not come.
  }
}

/** A crash leaves the file behind; nobody listens at it. */
function isNobody(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ECONNREFUSED" || code === "EACCES" || code === "ENOTSOCK";
}

/** The error of the other process, as if it had been thrown here: code and facts were made for each other there. */
function revive({ code, facts }: { readonly code: string; readonly facts: object }): RegctlError {
  const known = Object.keys(exitCodeOf).find((each): each is ErrorCode => each === code) ?? "INTERNAL";
  return new RegctlError(known, facts as never);
}
