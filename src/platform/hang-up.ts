import { RegctlError } from "../errors.ts";
import { type DaemonProcess, daemonOf, type HostFacts } from "./facts.ts";

const pidFile = "/var/run/docker.pid";

/**
 * The signal that makes a daemon read daemon.json again. After a restart in the same plan its pid is another one: so
 * where the usual pid file is the daemon's, or no daemon is seen, that file is asked when the time has come. Either way
 * the signal goes only to what is that daemon still.
 * @throws RegctlError ENGINE_UNREACHABLE when several daemons run and it is not seen which of them answers
 */
export function hangUp(facts: HostFacts): readonly string[] {
  const daemon = daemonOf(facts);
  if (!daemon && facts.daemons.length > 1) throw severalDaemons(facts);
  if (daemon && facts.pidFile !== daemon.pid) return shell(isStill(daemon), String(daemon.pid));
  return shell(`pid=$(cat ${pidFile}) && grep -q ^docker "/proc/$pid/comm"`, '"$pid"');
}

function shell(condition: string, pid: string): readonly string[] {
  return ["sh", "-c", `${condition} && kill -HUP ${pid}`];
}

/** The start time, behind the program's name in parentheses, tells a process from a later one of the same pid. */
function isStill({ pid, startTicks }: DaemonProcess): string {
  return `[ "$(sed "s/.*) //" /proc/${pid}/stat | cut -d" " -f20)" = ${startTicks} ]`;
}

function severalDaemons(facts: HostFacts): RegctlError {
  const pids = facts.daemons.map(({ pid }) => pid).join(", ");
  return new RegctlError("ENGINE_UNREACHABLE", {
    host: facts.host,
    tried: [facts.socket],
    reason: `several dockerd run there (pid ${pids}), and which of them answers on ${facts.socket} is not to be seen`,
  });
}
