import { daemonOf, type HostFacts } from "../facts.ts";
import type { RecognisedPlatform } from "../platform.ts";
import { passesVariable } from "./systemd.ts";

/**
 * Engines that live where we do not write yet. Each row says how it is known and what a person does there;
 * when one becomes written, its row moves to a file of its own.
 */
function row(
  name: string,
  title: string,
  recognise: (facts: HostFacts) => string | null | false | undefined,
  paste: RecognisedPlatform["paste"],
): RecognisedPlatform {
  return {
    kind: "recognised",
    name,
    title,
    recognise: (facts) => {
      const evidence = recognise(facts);
      return evidence ? [evidence] : null;
    },
    paste,
  };
}

type Action = Parameters<RecognisedPlatform["paste"]>[0];

const osIs = (facts: HostFacts, ...ids: readonly string[]) =>
  ids.includes(facts.osRelease.ID ?? "") && `/etc/os-release says ID=${facts.osRelease.ID}`;
const engineIs = (facts: HostFacts, pattern: RegExp) =>
  pattern.test(facts.engine?.operatingSystem ?? "") &&
  `the engine calls itself ${facts.engine?.operatingSystem}`;
/** A server may have any name, so a name counts only where no dockerd of this machine answers. */
const engineInVm = (facts: HostFacts, name: RegExp) =>
  name.test(facts.engine?.name ?? "") &&
  !daemonOf(facts) &&
  `the engine's host is named ${facts.engine?.name}, and no dockerd of this machine answers`;
const unitPasses = (facts: HostFacts, path: string) =>
  facts.unit?.environmentFiles.includes(path) === true &&
  passesVariable(facts.unit) &&
  `the unit reads ${path}`;

const listLine = (registry: string) => `"insecure-registries": ["${registry}"]`;
const flag = (registry: string) => `--insecure-registry ${registry}`;

/** What to do with a file that is JSON. */
function editJson(action: Action, registry: string, path: string): string {
  return action === "insecure"
    ? `# add ${listLine(registry)} to ${path}`
    : `# take "${registry}" out of "insecure-registries" in ${path}`;
}

/** The same where the engine is then reloaded, by which it does not forget a key that is gone. */
function editLoadedJson(action: Action, registry: string): string {
  const line = editJson(action, registry, "/etc/docker/daemon.json");
  return action === "insecure" ? line : `${line}; if it was the last, leave "insecure-registries": []`;
}

/** Engines that are known by what they say or where they keep their data, whatever host they run on. */
export const recognisedFirst: readonly RecognisedPlatform[] = [
  row(
    "docker-desktop",
    "Docker Desktop",
    (facts) => engineIs(facts, /^Docker Desktop/),
    (action, registry) => [
      `${editJson(action, registry, "Settings > Docker Engine of Docker Desktop")}, then Apply & restart`,
      `# or do that in ~/.docker/daemon.json and run: docker desktop restart`,
    ],
  ),
  row(
    "orbstack",
    "OrbStack",
    (facts) => engineIs(facts, /^OrbStack/),
    (action, registry) => [
      editJson(action, registry, "~/.orbstack/config/docker.json"),
      "orb restart docker",
    ],
  ),
  row(
    "colima",
    "Colima",
    (facts) => engineInVm(facts, /^colima(-|$)/),
    (action, registry) => [
      action === "insecure"
        ? `# in ~/.colima/default/colima.yaml, below "docker:", add: insecure-registries: ["${registry}"]`
        : `# in ~/.colima/default/colima.yaml, below "docker:", take "${registry}" out of insecure-registries`,
      "colima stop && colima start",
    ],
  ),
  row(
    "rancher-desktop",
    "Rancher Desktop",
    (facts) => engineIs(facts, /^Rancher Desktop/) || engineInVm(facts, /^lima-rancher-desktop$/),
    (action, registry) => [
      action === "insecure"
        ? `# add a provisioning script to override.yaml that writes { ${listLine(registry)} } to /etc/docker/daemon.json`
        : `# take "${registry}" out of what the provisioning script in override.yaml writes to /etc/docker/daemon.json`,
      "# then restart Rancher Desktop",
    ],
  ),
  row(
    "lima",
    "Lima",
    (facts) => engineInVm(facts, /^lima-/),
    (action, registry) => [
      `${editJson(action, registry, "~/.config/docker/daemon.json")} in the guest`,
      "limactl shell default systemctl --user restart docker",
    ],
  ),
  row(
    "minikube",
    "minikube",
    (facts) => {
      // Buildroot makes servers of every kind; minikube's node says who provided it, as docker-machine's do.
      const provided = facts.engine?.labels.some((label) => label.startsWith("provider=")) === true;
      return (provided || !daemonOf(facts)) && engineIs(facts, /^Buildroot/);
    },
    (action, registry) => [
      "# the list is fixed when the cluster is made, so it is made anew: what runs in it goes",
      "minikube delete",
      ...(action === "insecure"
        ? [`minikube start ${flag(registry)}`]
        : [`# as before, without ${flag(registry)}:`, "minikube start"]),
    ],
  ),
  row(
    "rootless",
    "rootless Docker",
    (facts) => {
      if (facts.engine?.rootless) return "the engine says name=rootless";
      const daemon = daemonOf(facts);
      return daemon && daemon.uid !== 0 && `dockerd runs as user ${daemon.uid}`;
    },
    (action, registry) => [
      `${editJson(action, registry, "~/.config/docker/daemon.json")} of the user who runs the engine`,
      "systemctl --user restart docker",
    ],
  ),
  row(
    "snap",
    "the docker snap",
    (facts) =>
      /^\/(var\/)?snap\//.test(facts.engine?.rootDir ?? daemonOf(facts)?.executable ?? "") &&
      "the engine lives below /snap",
    (action, registry) => [
      editJson(action, registry, "/var/snap/docker/current/config/daemon.json"),
      "sudo snap restart docker.dockerd",
    ],
  ),
  row(
    "synology",
    "Synology Container Manager",
    (facts) => facts.markers.has("synology") && "/etc/synoinfo.conf is there",
    (action, registry) => [
      editJson(action, registry, "/var/packages/ContainerManager/etc/dockerd.json"),
      "sudo synopkg restart ContainerManager",
    ],
  ),
  row(
    "rancheros",
    "RancherOS",
    (facts) => osIs(facts, "rancheros"),
    (action, registry) => [
      "sudo ros config get rancher.docker.insecure_registry",
      `# set that list again, ${action === "insecure" ? "with" : "without"} ${registry}:`,
      `# sudo ros config set rancher.docker.insecure_registry "['HOST:PORT', …]"`,
      "sudo system-docker restart docker",
    ],
  ),
];

/** Linux hosts whose service files we only explain so far. */
export const recognisedHosts: readonly RecognisedPlatform[] = [
  row(
    "flatcar",
    "Flatcar or CoreOS",
    (facts) => osIs(facts, "flatcar", "coreos"),
    (action, registry) => [
      ...(action === "insecure"
        ? [
            `sudo test -e /etc/docker/daemon.json || { sudo mkdir -p /etc/docker && echo '{ ${listLine(registry)} }' | sudo tee /etc/docker/daemon.json; }`,
            `# if it was there before: add ${listLine(registry)} to it`,
          ]
        : [editLoadedJson(action, registry)]),
      "sudo systemctl reload docker",
    ],
  ),
  row(
    "openrc",
    "Alpine or Gentoo with OpenRC",
    (facts) => facts.init === "openrc" && "OpenRC is there",
    (action, registry) => [editLoadedJson(action, registry), "sudo rc-service docker reload"],
  ),
  row(
    "amazon-linux",
    "Amazon Linux",
    (facts) => osIs(facts, "amzn"),
    (action, registry) => [
      action === "insecure"
        ? `# add ${flag(registry)} to OPTIONS="…" in /etc/sysconfig/docker, or ${listLine(registry)} to /etc/docker/daemon.json`
        : `# take ${flag(registry)} out of OPTIONS="…" in /etc/sysconfig/docker, or "${registry}" out of /etc/docker/daemon.json`,
      "sudo service docker restart",
    ],
  ),
  row(
    "rhel-docker",
    "RHEL's or CentOS 7's own docker",
    (facts) => unitPasses(facts, "/etc/sysconfig/docker"),
    (action, registry) => [
      action === "insecure"
        ? `# in /etc/sysconfig/docker: INSECURE_REGISTRY='${flag(registry)}', after what stands there`
        : `# in /etc/sysconfig/docker, take ${flag(registry)} out of INSECURE_REGISTRY`,
      "sudo systemctl restart docker",
    ],
  ),
  row(
    "rhel-sysvinit",
    "RHEL or CentOS 6",
    (facts) =>
      facts.markers.has("rhel-init") && facts.init === "sysvinit" && "/etc/rc.d/init.d/functions is there",
    (action, registry) => [
      action === "insecure"
        ? `# in /etc/sysconfig/docker: other_args="${flag(registry)}", after what stands there`
        : `# in /etc/sysconfig/docker, take ${flag(registry)} out of other_args`,
      "sudo service docker restart",
    ],
  ),
];

/** A unit of somebody else: asked after the units that we know. */
export const unknownUnit = row(
  "systemd-other",
  "systemd with an environment file that we do not know",
  (facts) =>
    facts.init === "systemd" &&
    facts.unit !== null &&
    facts.unit.mainPid === (daemonOf(facts)?.pid ?? facts.unit.mainPid) &&
    `the unit ${facts.unit.name} reads ${facts.unit.environmentFiles.join(", ")}`,
  (action, registry) => [editLoadedJson(action, registry), "sudo systemctl reload docker"],
);
