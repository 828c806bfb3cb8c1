import { daemonOf, type HostFacts } from "../facts.ts";
import { shellFile } from "../formats/shell-file.ts";
import { hangUp } from "../hang-up.ts";
import type { WrittenPlatform } from "../platform.ts";

/** Whether the daemon is the one that the init script wrote into its pid file. */
export function startedByInitScript(facts: HostFacts): boolean {
  const daemon = daemonOf(facts);
  return !daemon || facts.pidFile === null || daemon.pid === facts.pidFile;
}

/** Debian's and Ubuntu's /etc/init.d/docker, which sources /etc/default/docker with sh. */
export const debianSysvinit: WrittenPlatform = {
  kind: "written",
  name: "sysvinit",
  title: "Debian or Ubuntu with sysvinit",
  recognise(facts) {
    if (facts.init !== "sysvinit" || !startedByInitScript(facts)) return null;
    const script = facts.files["/etc/init.d/docker"];
    if (!script?.text || !/\/etc\/default\/(docker|\$\{?BASE\b)/.test(script.text)) return null;
    return ["no systemd is booted", "/etc/init.d/docker sources /etc/default/docker"];
  },
  flagSources: () => [{ path: "/etc/default/docker", format: shellFile("DOCKER_OPTS") }],
  keepsDaemonJson: () => true,
  service: (facts) => ({
    // The init script has no `reload` verb, and `force-reload` is a restart.
    reload: hangUp(facts),
    restart: [["service", "docker", "restart"]],
    start: [["service", "docker", "start"]],
    log: ["tail", "-n", "20", "/var/log/docker.log"],
  }),
};
