/** Who listens at a port or a unix socket of this machine, where Linux says it: only root sees the programs of others. */
import { readdir, readFile, readlink } from "node:fs/promises";

const listening = "0A";

/** `nginx (pid 812)`, or null. */
export async function findPortHolder(port: number): Promise<string | null> {
  return await findOwner(await findInodes(port));
}

/** The same for the path of a unix socket. */
export async function findSocketHolder(path: string): Promise<string | null> {
  return await findOwner(await findSocketInodes(path));
}

async function findOwner(inodes: ReadonlySet<string>): Promise<string | null> {
  if (inodes.size === 0) return null;
  const pids = (await orNone(readdir("/proc"))).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await orNone(readdir(`/proc/${pid}/fd`))) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined && inodes.has(inode)) return await nameOf(pid);
    }
  }
  return null;
}

/** Lines of /proc/net/tcp: `sl local_address rem_address st … uid timeout inode`. */
async function findInodes(port: number): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8").catch(() => "")),
  );
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = tables.flatMap((table) => table.split("\n").map((line) => line.trim().split(/\s+/)));
  const held = rows.filter(([, local, , state]) => local?.endsWith(end) && state === listening);
  return new Set(held.map((row) => row[9] ?? ""));
}

/** Lines of /proc/net/unix: `Num RefCount Protocol Flags Type St Inode Path`. */
async function findSocketInodes(path: string): Promise<ReadonlySet<string>> {
  const table = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const rows = table.split("\n").map((line) => /^(?:\S+\s+){6}(\d+) (.+)$/.exec(line));
  return new Set(rows.filter((row) => row?.[2] === path).map((row) => row?.[1] ?? ""));
}

async function nameOf(pid: string): Promise<string> {
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const [program = "", ...args] = words.split("\0");
  const name = program.split("/").at(-1) ?? "";
  const script = args.find((word) => !word.startsWith("-")) ?? "";
  const scriptName = /(^|\/)node$/.test(program) ? script.split("/").slice(-2).join("/") : "";
  return `${[name, scriptName].filter((word) => word !== "").join(" ") || "a program"} (pid ${pid})`;
}

async function orNone(names: Promise<readonly string[]>): Promise<readonly string[]> {
  return await names.catch(() => []);
}
