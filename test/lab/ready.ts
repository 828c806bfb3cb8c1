/** When is a booted host ready? When its engine answers and its sshd listens. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Resolves when both answer; throws after 60 s or when the host ended. */
export async function waitUntilReady(initPid: number): Promise<void> {
  for (let attempt = 0; attempt < 2400; attempt++) {
    if (listensForSsh(initPid) && (await pingEngine(initPid))) return;
    await sleep(25);
  }
  throw new Error(
    `lab host: ${listensForSsh(initPid) ? "the engine" : "sshd"} did not start within a minute`,
  );
}

/** Looks instead of connecting: a host behind another one cannot be reached from here. */
function listensForSsh(initPid: number): boolean {
  // Local address and port in hexadecimal, remote ones, and 0A for a listening socket.
  const listening = /:0016 0+:0000 0A /;
  return ["tcp", "tcp6"].some((family) =>
    listening.test(readFileSync(`/proc/${initPid}/net/${family}`, "utf8")),
  );
}

function pingEngine(initPid: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socketPath = `/proc/${initPid}/root/run/docker.sock`;
  const ping = request({ socketPath, path: "/_ping", timeout: 2000 }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  });
  ping.on("timeout", () => ping.destroy());
  ping.on("error", () => resolve(false));
  ping.end();
  return promise;
}
