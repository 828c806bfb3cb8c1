import { daemonOf, type HostFacts } from "../facts.ts";
import { shellFile } from "../formats/shell-file.ts";
import { hangUp } from "../hang-up.ts";
import type { WrittenPlatform } from "../platform.ts";
import { startedByInitScript } from "./sysvinit.ts";

const script = "/etc/init.d/docker";

/** By supervise-daemon, which may write its own pid into the pid file. */
const isSupervised = (text?: string | null): boolean => /^supervisor=/m.test(text ?? "");

/** Where a supervisor's pid stands in the pid file, the service has to be asked, whatever pid the daemon has by then. */
function reload(facts: HostFacts): readonly string[] {
  const { text } = facts.files[script] ?? {};
  const isDaemons = facts.pidFile === null || facts.pidFile === daemonOf(facts)?.pid;
  const hasVerb = /^extra_started_commands=.*\breload\b/m.test(text ?? "");
  return isDaemons || !hasVerb ? hangUp(facts) : ["rc-service", "docker", "reload"];
}

/** Alpine, Gentoo: a script for openrc-run, before which /etc/conf.d/docker is sourced by sh. */
export const openrc: WrittenPlatform = {
  kind: "written",
  name: "openrc",
  title: "Alpine or Gentoo with OpenRC",
  recognise(facts) {
    const { text } = facts.files[script] ?? {};
    if (facts.init !== "openrc" || !/^#!.*openrc-run/.test(text ?? "")) return null;
    if (!startedByInitScript(facts) && !isSupervised(text)) return null;
    return ["OpenRC is there", `${script} is a script for openrc-run`];
  },
  flagSources: () => [{ path: "/etc/conf.d/docker", format: shellFile("DOCKER_OPTS") }],
  keepsDaemonJson: () => true,
  service: (facts) => ({
    reload: reload(facts),
    restart: [["rc-service", "docker", "restart"]],
    start: [["rc-service", "docker", "start"]],
    log: ["tail", "-n", "20", "/var/log/docker.log"],
  }),
};
