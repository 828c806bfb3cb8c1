import { type DockerUnit, daemonOf, type HostFacts } from "../facts.ts";
import { environmentFile } from "../formats/environment-file.ts";
import { unitFile } from "../formats/unit-file.ts";
import { hangUp } from "../hang-up.ts";
import type { FlagSource, Service, WrittenPlatform } from "../platform.ts";

const daemonReload = [["systemctl", "daemon-reload"]];

/** Files below /etc are the administrator's; a unit below /usr or /lib is the package's and stays as it is. */
export function unitSources(facts: HostFacts): readonly FlagSource[] {
  const unit = facts.unit;
  if (!unit) return [];
  return [...unit.dropInPaths, unit.fragmentPath]
    .filter((path) => path.startsWith("/etc/"))
    .sort((a, b) => Number(a === unit.fragmentPath) - Number(b === unit.fragmentPath) || (a < b ? 1 : -1))
    .map((path) => ({ path, format: unitFile, reread: daemonReload }));
}

export function systemdService(facts: HostFacts): Service {
  const name = facts.unit?.name.replace(/\.service$/, "") ?? "docker";
  return {
    reload: facts.unit?.canReload ? ["systemctl", "reload", name] : hangUp(facts),
    // After three starts within a minute, failed or not, systemd refuses until the count is cleared (StartLimitBurst).
    restart: [
      ["systemctl", "reset-failed", name],
      ["systemctl", "restart", name],
    ],
    start: [
      ["systemctl", "reset-failed", name],
      ["systemctl", "start", name],
    ],
    log: ["journalctl", "-u", name, "-n", "20", "--no-pager", "-o", "cat"],
  };
}

/** Whether flags of the daemon come from a variable (`$$` is a dollar sign): else no environment file touches them. */
function passesVariable(unit: DockerUnit): boolean {
  return /\$\{?\w/.test(unit.execStart.replaceAll("$$", ""));
}

/** The unit runs the daemon that we ask, and passes `$DOCKER_OPTS` from /etc/default/docker. */
function readsDefaultFile(facts: HostFacts): boolean {
  return (
    facts.unit?.environmentFiles.includes("/etc/default/docker") === true &&
    /\$\{?DOCKER_OPTS\b/.test(facts.unit.execStart)
  );
}

export function unitEvidence(facts: HostFacts): readonly string[] | null {
  if (facts.init !== "systemd" || !facts.unit) return null;
  const daemon = daemonOf(facts);
  if (daemon && facts.unit.mainPid !== 0 && daemon.pid !== facts.unit.mainPid) return null;
  return [`systemd runs ${facts.unit.name} from ${facts.unit.fragmentPath}`];
}

export const systemdDockerIo: WrittenPlatform = {
  kind: "written",
  name: "systemd-docker.io",
  title: "systemd with the distribution's docker.io",
  recognise(facts) {
    const unit = unitEvidence(facts);
    if (!unit || !readsDefaultFile(facts)) return null;
    return [...unit, "the unit reads /etc/default/docker and passes $DOCKER_OPTS"];
  },
  flagSources(facts) {
    return [...unitSources(facts), { path: "/etc/default/docker", format: environmentFile("DOCKER_OPTS") }];
  },
  keepsDaemonJson: () => true,
  service: systemdService,
};

export const systemd: WrittenPlatform = {
  kind: "written",
  name: "systemd",
  title: "systemd with Docker's own packages",
  recognise(facts) {
    const unit = unitEvidence(facts);
    if (!unit || !facts.unit) return null;
    if (facts.unit.environmentFiles.length === 0) return [...unit, "the unit reads no environment file"];
    return passesVariable(facts.unit) ? null : [...unit, "the unit passes dockerd no variable"];
  },
  flagSources: unitSources,
  keepsDaemonJson: () => true,
  service: systemdService,
};
