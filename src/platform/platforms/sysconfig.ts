/** Hosts of RHEL's kin, where flags stand in /etc/sysconfig/docker: the distribution's own docker, and Amazon's. */
import type { HostFacts } from "../facts.ts";
import { environmentFile } from "../formats/environment-file.ts";
import { shellFile } from "../formats/shell-file.ts";
import { hangUp } from "../hang-up.ts";
import type { FlagSource, Service, WrittenPlatform } from "../platform.ts";
import { systemdService, unitEvidence, unitSources } from "./systemd.ts";
import { startedByInitScript } from "./sysvinit.ts";

const path = "/etc/sysconfig/docker";

/** A variable as words of their own: in braces, systemd would pass one word with spaces in it. */
const passes = (command: string, variable: string): boolean => new RegExp(`\\$${variable}\\b`).test(command);

/** The variables of that file that reach dockerd, the general one first. */
function unitVariables({ unit }: HostFacts): readonly string[] {
  if (!unit?.environmentFiles.includes(path)) return [];
  return ["OPTIONS", "INSECURE_REGISTRY"].filter((variable) => passes(unit.execStart, variable));
}

const unitFlags = (facts: HostFacts): readonly FlagSource[] => [
  ...unitVariables(facts).map((variable) => ({ path, format: environmentFile(variable) })),
  ...unitSources(facts),
];

function unitReads(facts: HostFacts): readonly string[] | null {
  const unit = unitEvidence(facts);
  const variables = unitVariables(facts);
  if (!unit || variables.length === 0) return null;
  return [...unit, `the unit reads ${path} and passes ${variables.map((name) => `$${name}`).join(" and ")}`];
}

/** The variable that the init script, which sources the file with sh, puts on dockerd's command line. */
function scriptVariable({ files }: HostFacts): string | undefined {
  const text = files["/etc/init.d/docker"]?.text ?? "";
  if (!/\/etc\/sysconfig\/(docker|\$\{?prog\b)/.test(text)) return undefined;
  return ["other_args", "OPTIONS"].find((variable) => passes(text, variable));
}

function scriptReads(facts: HostFacts): readonly string[] | null {
  if (facts.init !== "sysvinit" || !startedByInitScript(facts)) return null;
  const variable = scriptVariable(facts);
  return variable === undefined
    ? null
    : ["no systemd is booted", `/etc/init.d/docker sources ${path} and passes $${variable}`];
}

const scriptFlags = (facts: HostFacts): readonly FlagSource[] => {
  const variable = scriptVariable(facts);
  return variable === undefined ? [] : [{ path, format: shellFile(variable) }];
};

const scriptService = (facts: HostFacts): Service => ({
  // Its `reload` is a restart.
  reload: hangUp(facts),
  restart: [["service", "docker", "restart"]],
  start: [["service", "docker", "start"]],
  log: ["tail", "-n", "20", "/var/log/docker"],
});

/** The docker of RHEL 7 and CentOS 7, and what was made after it. */
export const rhelDocker: WrittenPlatform = {
  kind: "written",
  name: "rhel-docker",
  title: "RHEL's or CentOS 7's own docker",
  recognise: unitReads,
  flagSources: unitFlags,
  keepsDaemonJson: () => true,
  service: systemdService,
};

export const rhelSysvinit: WrittenPlatform = {
  kind: "written",
  name: "rhel-sysvinit",
  title: "RHEL or CentOS 6",
  recognise(facts) {
    if (!facts.markers.has("rhel-init")) return null;
    const evidence = scriptReads(facts);
    return evidence && [...evidence, "/etc/rc.d/init.d/functions is there"];
  },
  flagSources: scriptFlags,
  keepsDaemonJson: () => true,
  service: scriptService,
};

const hasUnits = ({ init }: HostFacts): boolean => init === "systemd";

/** Amazon Linux 1 by its init script, 2 and 2023 by their unit. */
export const amazonLinux: WrittenPlatform = {
  kind: "written",
  name: "amazon-linux",
  title: "Amazon Linux",
  recognise(facts) {
    if (facts.osRelease.ID !== "amzn") return null;
    const evidence = hasUnits(facts) ? unitReads(facts) : scriptReads(facts);
    return evidence && ["/etc/os-release says ID=amzn", ...evidence];
  },
  flagSources: (facts) => (hasUnits(facts) ? unitFlags(facts) : scriptFlags(facts)),
  keepsDaemonJson: () => true,
  service: (facts) => (hasUnits(facts) ? systemdService(facts) : scriptService(facts)),
};
