import type { HostFacts } from "../facts.ts";
import { shellFile } from "../formats/shell-file.ts";
import { hangUp } from "../hang-up.ts";
import type { WrittenPlatform } from "../platform.ts";
import { startedByInitScript } from "./sysvinit.ts";

/** The job file is named like the job; a job `docker.io` reads /etc/default/docker.io. */
function jobOf(facts: HostFacts): string {
  return facts.files["/etc/init/docker.conf"]?.text == null &&
    facts.files["/etc/default/docker.io"]?.text != null
    ? "docker.io"
    : "docker";
}

export const upstart: WrittenPlatform = {
  kind: "written",
  name: "upstart",
  title: "Ubuntu with upstart",
  recognise(facts) {
    if (facts.init !== "upstart" || !startedByInitScript(facts)) return null;
    return ["/sbin/init is upstart", `the job ${jobOf(facts)} sources /etc/default/${jobOf(facts)}`];
  },
  flagSources: (facts) => [{ path: `/etc/default/${jobOf(facts)}`, format: shellFile("DOCKER_OPTS") }],
  keepsDaemonJson: () => true,
  service: (facts) => ({
    reload: hangUp(facts),
    restart: [["service", jobOf(facts), "restart"]],
    start: [["service", jobOf(facts), "start"]],
    log: ["tail", "-n", "20", `/var/log/upstart/${jobOf(facts)}.log`],
  }),
};
