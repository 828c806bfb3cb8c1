/** Plain HTTP at a port that speaks HTTPS is told so: a connection that only breaks says nothing, and is tried again. */
import type { Socket } from "node:net";
import type { ServerLimits } from "../server/listener.ts";
import type { Server } from "./live-connections.ts";

const message = "this port speaks HTTPS, and the request came as plain HTTP";
const body = JSON.stringify({ errors: [{ code: "UNSUPPORTED", message }] });
const answer = [
  "HTTP/1.1 400 Bad Request",
  "content-type: application/json",
  `content-length: ${body.length}`,
  "connection: close",
  "",
  body,
].join("\r\n");

/** TLS gets a connection once its first byte is not that of a method. */
export function refusePlainHttp(server: Server, limits: ServerLimits): void {
  const accept = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    // Whoever sends nothing would otherwise wait for a handshake that has not begun.
    socket.setTimeout(limits.headersMs, () => socket.destroy());
    socket.once("readable", () => {
      socket.setTimeout(0).removeAllListeners("timeout");
      const bytes: Buffer | null = socket.read();
      if (bytes === null) return void socket.destroy();
      if (isMethod(bytes)) return refuse(socket, limits);
      socket.unshift(bytes);
      for (const listener of accept) Reflect.apply(listener, server, [socket]);
    });
  });
}

/** A handshake begins with the byte 22. */
function isMethod([first = 0]: Buffer): boolean {
  return first >= 0x41 && first <= 0x5a;
}

/** What is still coming is read, for a while: closed on it, the client would see a reset and no answer. */
function refuse(socket: Socket, { drainMs }: ServerLimits): void {
  const timer = setTimeout(() => socket.destroy(), drainMs);
  socket.once("close", () => clearTimeout(timer));
  socket.end(answer);
  socket.resume();
}
