import { daemonOf, type HostFacts } from "./facts.ts";

/**
 * The signal that makes a daemon read daemon.json again. After a restart in the same plan its pid is another one: so
 * where the usual pid file is the daemon's, that file is asked when the time has come.
 */
export function hangUp(facts: HostFacts): readonly string[] {
  const daemon = daemonOf(facts);
  if (daemon && facts.pidFile === daemon.pid) return ["sh", "-c", 'kill -HUP "$(cat /var/run/docker.pid)"'];
  return ["kill", "-HUP", String(daemon?.pid ?? facts.unit?.mainPid ?? 0)];
}
