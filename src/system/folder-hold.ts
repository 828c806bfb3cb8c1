/**
 * A folder for one process alone. The holder listens at a socket `lock.N` in the folder: the kernel answers whoever
 * connects for as long as the holder lives, and refuses from the moment it is dead, however it died. So nothing can be
 * left behind, and no process id is guessed at; it works across containers that share the folder.
 *
 * N only grows. A holder's name is linked exclusively as the highest one plus one, after the highest was found dead;
 * then the folder is read again, and who is not the highest gives up its name. A dead name is removed by the next
 * holder, never by its owner: the highest number never disappears, so no two can take the same step.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { link, open, readdir, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { hostname } from "node:os";
import type { FolderHold, HoldFolder } from "../server/disk/files.ts";

/** Bytes that the address of a socket holds, its end included. */
const longestAddress = 104;
const answerMs = 1000;

type Reach = (name: string) => string;

const nameOf = (number: number): string => `lock.${number}`;

export const holdFolder: HoldFolder = async (path) => {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  // A path of any length has a short one by way of its descriptor.
  const reach: Reach = (name) =>
    Buffer.byteLength(`${path}/${name}`) < longestAddress
      ? `${path}/${name}`
      : `/proc/self/fd/${folder.fd}/${name}`;
  try {
    return await take(path, reach);
  } finally {
    await folder.close();
  }
};

async function take(path: string, reach: Reach): Promise<FolderHold | { readonly heldBy: string }> {
  const own = `lock.${randomUUID().slice(0, 8)}.new`;
  const server = await listen(reach(own));
  let held = false;
  try {
    for (;;) {
      const highest = await readHighest(path);
      const heldBy = highest === 0 ? null : await askHolder(reach(nameOf(highest)));
      if (heldBy !== null) return { heldBy };
      if (!(await claim(path, own, highest + 1))) continue;
      held = true;
      await tidy(path, reach, highest + 1);
      return { release: () => close(server) };
    }
  } finally {
    await rm(`${path}/${own}`, { force: true });
    if (!held) await close(server);
  }
}

/** False when somebody else has gone further meanwhile. */
async function claim(path: string, own: string, number: number): Promise<boolean> {
  try {
    await link(`${path}/${own}`, `${path}/${nameOf(number)}`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
  if ((await readHighest(path)) === number) return true;
  await rm(`${path}/${nameOf(number)}`, { force: true });
  return false;
}

async function readHighest(path: string): Promise<number> {
  const numbers = (await readdir(path)).map((name) => Number(/^lock\.([0-9]+)$/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

/** The names of holders before, and of starters that were killed. */
async function tidy(path: string, reach: Reach, number: number): Promise<void> {
  for (const name of await readdir(path)) {
    const old = Number(/^lock\.([0-9]+)$/.exec(name)?.[1] ?? number) < number;
    const dead = /^lock\.[0-9a-f]+\.new$/.test(name) && (await askHolder(reach(name))) === null;
    if (old || dead) await rm(`${path}/${name}`, { force: true });
  }
}

/** Who listens there, or null when nobody does. */
function askHolder(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let said = "";
    const answer = (who: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(who);
    };
    const timer = setTimeout(() => answer("a process that does not answer"), answerMs);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      said = (said + text).slice(0, 200);
    });
    socket.on("end", () => answer(said === "" ? "a process that does not say who it is" : said));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const dead = error.code === "ECONNREFUSED" || error.code === "ENOENT";
      answer(dead ? null : `a process that cannot be asked (${error.code ?? error.message})`);
    });
  });
}

function listen(address: string): Promise<Server> {
  const who = `process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}`;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(who);
  });
  // Holding a folder is no reason to stay alive.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
