import type { Duplex } from "node:stream";
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";

/**
 * One change at a time per host. The lock is a symlink whose text names a shell on the host (pid, start time, for
 * whom), and that shell lives as long as our stream to it: when regctl, the connection or the whole client dies, it
 * takes the lock away itself. A lock whose shell is gone (power cut) is known by its pid and start time; it is taken
 * away by one run at a time, or a slow one could take away the lock that a quick one has made in its place.
 */
const lockScript = `
set -f; folder=$1 who=$2
umask 077; mkdir -p "$folder" || { echo "failed cannot make $folder"; exit 1; }
lock=$folder/lock
birth() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
lives() { [ -n "$2" ] && [ "$(birth "$1")" = "$2" ]; }
me="$$ $(birth $$)"
leave() { for l in "$lock" "$lock.taker"; do case "$(readlink "$l")" in "$me $who") rm -f "$l" ;; esac; done; }
trap leave EXIT; trap 'exit 1' HUP INT TERM PIPE
while ! ln -sn "$me $who" "$lock" 2>/dev/null; do
  held=$(readlink "$lock") || { [ -e "$lock" ] && { echo "failed $lock is in the way"; exit 1; }; [ -w "$folder" ] && continue; echo "failed $folder is not writable"; exit 1; }
  set -- $held
  if lives "$1" "$2"; then [ -n "$told" ] || { told=1; shift 2; echo "waiting $*"; }
  elif ln -sn "$me $who" "$lock.taker" 2>/dev/null; then
    [ "$(readlink "$lock")" = "$held" ] && rm -f "$lock"
    rm -f "$lock.taker"; continue
  else taker=$(readlink "$lock.taker") && { set -- $taker; lives "$1" "$2" || rm -f "$lock.taker"; }; fi
  sleep 0.2 2>/dev/null || sleep 1
done
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
 * @param signal ends the waiting, with its reason; the lock, once held, is released by `release` alone
 * @throws RegctlError LOCKED when it is not free within `timeoutMs`, HOST_FILE_FAILED when the folder cannot be written
 */
export async function lockHost(
  root: Host,
  folder: string,
  who: string,
  timeoutMs: number,
  onWait: (by: string) => void,
  signal?: AbortSignal,
): Promise<HostLock> {
  const stream = await root.open(["sh", "-c", lockScript, "regctl-lock", folder, who]);
  // Should the connection go while we hold it, whatever else runs over it tells.
  stream.on("error", () => {});
  let holder = "another run of regctl";
  try {
    for await (const line of linesWithin(stream, timeoutMs, signal)) {
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

async function* linesWithin(
  stream: Duplex,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  let buffered = "";
  const timer = setTimeout(() => stream.destroy(new WaitedTooLong()), timeoutMs);
  const stop = () => void stream.destroy(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    signal?.throwIfAborted();
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      buffered += String(chunk);
      const lines = buffered.split("\n");
      buffered = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
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
