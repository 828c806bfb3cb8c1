import type { Duplex } from "node:stream";
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";

/**
 * One change at a time per host. The lock is a symlink whose text names a shell on the host (pid, start time, for
 * whom), and that shell lives as long as our stream to it: when regctl, the connection or the whole client dies, it
 * takes the lock away itself. A lock whose shell is gone (power cut) is known by its pid and start time.
 */
const lockScript = `
folder=$1 who=$2
umask 077; mkdir -p "$folder" || { echo "failed cannot make $folder"; exit 1; }
lock=$folder/lock
birth() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
while ! ln -sn "$$ $(birth $$) $who" "$lock" 2>/dev/null; do
  held=$(readlink "$lock") || { [ -e "$lock" ] && { echo "failed $lock is in the way"; exit 1; }; [ -w "$folder" ] && continue; echo "failed $folder is not writable"; exit 1; }
  set -- $held
  if [ -z "$2" ] || [ "$(birth "$1")" != "$2" ]; then
    mv "$lock" "$lock.$$" 2>/dev/null && { [ "$(readlink "$lock.$$")" = "$held" ] || mv "$lock.$$" "$lock"; rm -f "$lock.$$"; }
    continue
  fi
  [ -n "$told" ] || { told=1; shift 2; echo "waiting $*"; }
  sleep 0.2 2>/dev/null || sleep 1
done
trap 'rm -f "$lock"' EXIT; trap 'exit 1' HUP INT TERM PIPE
echo locked
cat > /dev/null
`;

export interface HostLock {
  release(): Promise<void>;
}

/**
 * @param folder our state folder on the host
 * @param who shown to somebody who waits
 * @param onWait called once when another run holds it
 * @throws RegctlError LOCKED when it is not free within `timeoutMs`, HOST_FILE_FAILED when the folder cannot be written
 */
export async function lockHost(
  root: Host,
  folder: string,
  who: string,
  timeoutMs: number,
  onWait: (by: string) => void,
): Promise<HostLock> {
  const stream = await root.open(["sh", "-c", lockScript, "regctl-lock", folder, who]);
  // Should the connection go while we hold it, whatever else runs over it tells.
  stream.on("error", () => {});
  let holder = "another run of regctl";
  try {
    for await (const line of linesWithin(stream, timeoutMs)) {
      if (line === "locked") return { release: () => closed(stream) };
      if (line.startsWith("waiting ")) {
        holder = line.slice(8) || holder;
        onWait(holder);
      }
      if (line.startsWith("failed ")) {
        throw new RegctlError("HOST_FILE_FAILED", { host: root.name, path: folder, problem: line.slice(7) });
      }
    }
  } catch (error) {
    stream.destroy();
    if (error instanceof WaitedTooLong) throw new RegctlError("LOCKED", { host: root.name, by: holder });
    throw error;
  }
  throw new RegctlError("HOST_FILE_FAILED", {
    host: root.name,
    path: folder,
    problem: "it cannot be written",
  });
}

class WaitedTooLong extends Error {}

async function* linesWithin(stream: Duplex, timeoutMs: number): AsyncGenerator<string> {
  let buffered = "";
  const timer = setTimeout(() => stream.destroy(new WaitedTooLong()), timeoutMs);
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      buffered += String(chunk);
      const lines = buffered.split("\n");
      buffered = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    clearTimeout(timer);
  }
}

function closed(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    stream.once("close", () => resolve());
    stream.once("error", () => resolve());
    stream.end();
    stream.resume();
    setTimeout(() => stream.destroy(), 2_000).unref();
  });
}
