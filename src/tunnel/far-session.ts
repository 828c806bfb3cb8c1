/**
 * What holds a port of another host, and a session of ours that is left there. A cut connection leaves the SSH server's
 * process behind, which holds the port of its reverse forward until the server gives up: minutes, or for ever. So each
 * connection learns which process serves it; the next one may end exactly that process, after a look that it still is
 * the same one: of the same boot, started at the same tick, an SSH server, run by the same user.
 */
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";

/** A process of an SSH server, as unmistakable as Linux makes it (proc(5): `starttime` of /proc/PID/stat, boot_id). */
export interface FarSession {
  readonly boot: string;
  readonly pid: number;
  /** Ticks since that boot. */
  readonly started: string;
}

export interface PortHolder {
  readonly uid: number;
  /** The account, where it has a name. */
  readonly user: string;
  /** It belongs to the account that we log in with. */
  readonly own: boolean;
  /** `docker-registry (pid 812)`; null where only root may see it. */
  readonly process: string | null;
}

/** What is known of a port: somebody holds it, nobody does, or nobody can tell. */
export type PortState = PortHolder | "free" | "unknown";

const timeoutMs = 10_000;

/** Sets `name`, `parent` and `start` of the process $1, whose name may hold anything. */
const readStat = `look() {
  read -r line <"/proc/$1/stat" || return 1
  name=\${line#*(}; name=\${name%)*}
  set -- \${line##*) }
  parent=$2 start=\${20}
}
boot=$(cat /proc/sys/kernel/random/boot_id)
served() { case $name in sshd|sshd-session|dropbear) return 0;; esac; return 1; }`;

const identifyScript = `${readStat}
p=$$
while look "$p"; do
  served && { echo "$boot $p $start"; exit; }
  p=$parent
  [ "$p" -gt 1 ] || exit 1
done 2>/dev/null
exit 1`;

/** The process that serves this connection; null where the host does not say. Takes one session for a moment. */
export async function identifySession(host: Host): Promise<FarSession | null> {
  const stdout = await say(host, identifyScript, []);
  const [boot = "", pid = "", started = ""] = stdout?.trim().split(" ") ?? [];
  return started === "" ? null : { boot, pid: Number(pid), started };
}

/** Own sockets of sshd cannot be seen by their user (its processes are not dumpable), so the uid has to tell. */
const holderScript = `port=$(printf ':%04X' "$1")
[ -r /proc/net/tcp ] || { echo unknown; exit; }
found=
while read -r _ address _ state _ _ _ uid _ inode _; do
  case $address in *"$port") [ "$state" = 0A ] && { found=yes; break; };; esac
done <<END
$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
END
[ -n "$found" ] || { echo free; exit; }
who=$(ls -l /proc/[0-9]*/fd 2>/dev/null | while read -r line; do
  case $line in
    /proc/*) dir=\${line%/fd:};;
    *"socket:[$inode]") pid=\${dir#/proc/}; echo "$(cat "/proc/$pid/comm") (pid $pid)"; break;;
  esac
done)
user=
while IFS=: read -r name _ id _; do [ "$id" = "$uid" ] && { user=$name; break; }; done </etc/passwd
own=no; [ "$uid" = "$(id -u)" ] && own=yes
echo "held $uid $own \${user:-$uid}"; echo "$who"`;

/** Who listens at a port of the host, on any of its addresses. */
export async function readPortHolder(host: Host, port: number): Promise<PortState> {
  const [line = "", process = ""] = (await say(host, holderScript, [String(port)]))?.split("\n") ?? [];
  if (line === "free") return "free";
  const [, uid, own, user = ""] = /^held (\d+) (yes|no) (\S+)$/.exec(line) ?? [];
  if (uid === undefined) return "unknown";
  return { uid: Number(uid), user, own: own === "yes", process: process.trim() || null };
}

export function renderHolder({ process, user }: PortHolder): string {
  return process === null ? `a program of ${user}` : `${process} of ${user}`;
}

/** What became of a session that should end: it has, it had already, it is no session of ours, nobody can tell. */
export type Ending = "ended" | "gone" | "foreign" | "unknown";

const endScript = `${readStat}
[ "$boot" = "$1" ] || { echo gone; exit; }
same() { look "$pid" 2>/dev/null && [ "$start" = "$want" ]; }
pid=$2 want=$3
same || { echo gone; exit; }
served || { echo foreign; exit; }
while read -r key real _; do [ "$key" = Uid: ] && break; done <"/proc/$pid/status"
[ "$real" = "$(id -u)" ] || { echo foreign; exit; }
for signal in TERM KILL; do
  kill -$signal "$pid" 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    same || { echo ended; exit; }
    sleep 0.1
  done
done
echo unknown`;

/** Ends a session that is left over, if it is what it was. */
export async function endSession(host: Host, session: FarSession): Promise<Ending> {
  const { boot, pid, started } = session;
  const told = (await say(host, endScript, [boot, String(pid), started]))?.trim();
  return told === "ended" || told === "gone" || told === "foreign" ? told : "unknown";
}

/** Null where the host runs no commands, or not this one. A lost connection is another matter, and thrown. */
async function say(host: Host, script: string, args: readonly string[]): Promise<string | null> {
  try {
    const { code, stdout } = await host.run(["sh", "-c", script, "regctl", ...args], { timeoutMs });
    return code === 0 ? stdout.toString("utf8") : null;
  } catch (error) {
    if (error instanceof RegctlError && error.code !== "SSH_CONNECTION_LOST") return null;
    throw error;
  }
}
