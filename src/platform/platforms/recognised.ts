import { daemonOf, type HostFacts } from "../facts.ts";
import type { RecognisedPlatform } from "../platform.ts";

/**
 * Engines that live where we do not write yet. Each row says how it is known and what a person does there;
 * when one becomes written, its row moves to a file of its own.
 */
function row(
  name: string,
  title: string,
  recognise: (facts: HostFacts) => string | null | false | undefined,
  paste: (registry: string) => readonly string[],
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

const listLine = (registry: string) => `"insecure-registries": ["${registry}"]`;
const flag = (registry: string) => `--insecure-registry ${registry}`;
const osIs = (facts: HostFacts, ...ids: readonly string[]) =>
  ids.includes(facts.osRelease.ID ?? "") && `/etc/os-release says ID=${facts.osRelease.ID}`;
const engineIs = (facts: HostFacts, pattern: RegExp) =>
  pattern.test(facts.engine?.operatingSystem ?? "") &&
  `the engine calls itself ${facts.engine?.operatingSystem}`;
const unitReads = (facts: HostFacts, path: string) =>
  facts.unit?.environmentFiles.includes(path) === true && `the unit reads ${path}`;

/** Engines that are known by what they say or where they keep their data, whatever host they run on. */
export const recognisedFirst: readonly RecognisedPlatform[] = [
  row(
    "docker-desktop",
    "Docker Desktop",
    (facts) => engineIs(facts, /^Docker Desktop/),
    (registry) => [
      `# in Docker Desktop: Settings > Docker Engine, add ${listLine(registry)}, then Apply & restart`,
      `# or add it to ~/.docker/daemon.json and run: docker desktop restart`,
    ],
  ),
  row(
    "orbstack",
    "OrbStack",
    (facts) => engineIs(facts, /^OrbStack/),
    (registry) => [`# add ${listLine(registry)} to ~/.orbstack/config/docker.json`, "orb restart docker"],
  ),
  row(
    "colima",
    "Colima",
    (facts) => /^colima/.test(facts.engine?.name ?? "") && `the engine's host is named ${facts.engine?.name}`,
    (registry) => [
      `# in ~/.colima/default/colima.yaml, below "docker:", add: insecure-registries: ["${registry}"]`,
      "colima stop && colima start",
    ],
  ),
  row(
    "rancher-desktop",
    "Rancher Desktop",
    (facts) => facts.engine?.name === "lima-rancher-desktop" && "the engine's host is lima-rancher-desktop",
    (registry) => [
      `# add a provisioning script to override.yaml that writes { ${listLine(registry)} } to /etc/docker/daemon.json`,
      "# then restart Rancher Desktop",
    ],
  ),
  row(
    "lima",
    "Lima",
    (facts) => /^lima-/.test(facts.engine?.name ?? "") && `the engine's host is named ${facts.engine?.name}`,
    (registry) => [
      `# in the guest, add ${listLine(registry)} to ~/.config/docker/daemon.json`,
      "limactl shell default systemctl --user restart docker",
    ],
  ),
  row(
    "minikube",
    "minikube",
    (facts) => engineIs(facts, /^Buildroot/),
    (registry) => ["minikube delete", `minikube start --insecure-registry ${registry}`],
  ),
  row(
    "rootless",
    "rootless Docker",
    (facts) => {
      if (facts.engine?.rootless) return "the engine says name=rootless";
      const daemon = daemonOf(facts);
      return daemon && daemon.uid !== 0 && `dockerd runs as user ${daemon.uid}`;
    },
    (registry) => [
      `# add ${listLine(registry)} to ~/.config/docker/daemon.json of the user who runs the engine`,
      "systemctl --user restart docker",
    ],
  ),
  row(
    "snap",
    "the docker snap",
    (facts) =>
      /^\/(var\/)?snap\//.test(facts.engine?.rootDir ?? daemonOf(facts)?.executable ?? "") &&
      "the engine lives below /snap",
    (registry) => [
      `# add ${listLine(registry)} to /var/snap/docker/current/config/daemon.json`,
      "sudo snap restart docker.dockerd",
    ],
  ),
  row(
    "synology",
    "Synology Container Manager",
    (facts) => facts.markers.has("synology") && "/etc/synoinfo.conf is there",
    (registry) => [
      `# add ${listLine(registry)} to /var/packages/ContainerManager/etc/dockerd.json`,
      "sudo synopkg restart ContainerManager",
    ],
  ),
  row(
    "rancheros",
    "RancherOS",
    (facts) => osIs(facts, "rancheros"),
    (registry) => [
      `sudo ros config set rancher.docker.insecure_registry "['${registry}']"`,
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
    (registry) => [
      `sudo mkdir -p /etc/docker && echo '{ ${listLine(registry)} }' | sudo tee /etc/docker/daemon.json`,
      "sudo systemctl reload docker",
    ],
  ),
  row(
    "openrc",
    "Alpine or Gentoo with OpenRC",
    (facts) => facts.init === "openrc" && "OpenRC is there",
    (registry) => [`# add ${listLine(registry)} to /etc/docker/daemon.json`, "sudo rc-service docker reload"],
  ),
  row(
    "amazon-linux",
    "Amazon Linux",
    (facts) => osIs(facts, "amzn"),
    (registry) => [
      `# add ${flag(registry)} to OPTIONS="…" in /etc/sysconfig/docker, or ${listLine(registry)} to /etc/docker/daemon.json`,
      "sudo service docker restart",
    ],
  ),
  row(
    "rhel-docker",
    "RHEL's or CentOS 7's own docker",
    (facts) => unitReads(facts, "/etc/sysconfig/docker"),
    (registry) => [
      `# in /etc/sysconfig/docker: INSECURE_REGISTRY='${flag(registry)}'`,
      "sudo systemctl restart docker",
    ],
  ),
  row(
    "rhel-sysvinit",
    "RHEL or CentOS 6",
    (facts) =>
      facts.markers.has("rhel-init") && facts.init === "sysvinit" && "/etc/rc.d/init.d/functions is there",
    (registry) => [
      `# in /etc/sysconfig/docker: other_args="${flag(registry)}"`,
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
  (registry) => [`# add ${listLine(registry)} to /etc/docker/daemon.json`, "sudo systemctl reload docker"],
);
