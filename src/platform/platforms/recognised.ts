import { daemonOf, type HostFacts } from "../facts.ts";
import type { RecognisedPlatform } from "../platform.ts";
import {
  type CertificatePlace,
  editJson,
  editLoadedJson,
  engineCerts,
  flag,
  type Item,
  listLine,
  type PasteList,
  pasteLines,
} from "./paste-lines.ts";
import { passesVariable } from "./systemd.ts";

/**
 * Engines that live where we do not write yet. Each row says how it is known and what a person does there;
 * when one becomes written, its row moves to a file of its own.
 */
function row(
  name: string,
  title: string,
  recognise: (facts: HostFacts) => string | null | false | undefined,
  paste: PasteList,
  certificates: CertificatePlace = engineCerts,
): RecognisedPlatform {
  return {
    kind: "recognised",
    name,
    title,
    recognise: (facts) => {
      const evidence = recognise(facts);
      return evidence ? [evidence] : null;
    },
    paste: (request) => pasteLines(request, paste, certificates),
  };
}

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

const isMirror = (item: Item): boolean => item.key === "registry-mirrors";
const rosKey = (item: Item): string => (isMirror(item) ? "registry_mirror" : "insecure_registry");
const rhelVariable = (item: Item): string => (isMirror(item) ? "OPTIONS" : "INSECURE_REGISTRY");

const inItsVm: CertificatePlace = { ...engineCerts, inside: "its virtual machine" };

/** Engines that are known by what they say or where they keep their data, whatever host they run on. */
export const recognisedFirst: readonly RecognisedPlatform[] = [
  row(
    "docker-desktop",
    "Docker Desktop",
    (facts) => engineIs(facts, /^Docker Desktop/),
    (action, item) => [
      `${editJson(action, item, "Settings > Docker Engine of Docker Desktop")}, then Apply & restart`,
      `# or do that in ~/.docker/daemon.json and run: docker desktop restart`,
    ],
    { folder: "~/.docker/certs.d", after: ["docker desktop restart"] },
  ),
  row(
    "orbstack",
    "OrbStack",
    (facts) => engineIs(facts, /^OrbStack/),
    (action, item) => [editJson(action, item, "~/.orbstack/config/docker.json"), "orb restart docker"],
    inItsVm,
  ),
  row(
    "colima",
    "Colima",
    (facts) => engineInVm(facts, /^colima(-|$)/),
    (action, item) => [
      action === "add"
        ? `# in ~/.colima/default/colima.yaml, below "docker:", add: ${item.key}: ["${item.value}"]`
        : `# in ~/.colima/default/colima.yaml, below "docker:", take "${item.value}" out of ${item.key}`,
      "colima stop && colima start",
    ],
    { folder: "~/.docker/certs.d", after: ["colima stop && colima start"] },
  ),
  row(
    "rancher-desktop",
    "Rancher Desktop",
    (facts) => engineIs(facts, /^Rancher Desktop/) || engineInVm(facts, /^lima-rancher-desktop$/),
    (action, item) => [
      action === "add"
        ? `# add a provisioning script to override.yaml that writes { ${listLine(item)} } to /etc/docker/daemon.json`
        : `# take "${item.value}" out of what the provisioning script in override.yaml writes to /etc/docker/daemon.json`,
      "# then restart Rancher Desktop",
    ],
    inItsVm,
  ),
  row(
    "lima",
    "Lima",
    (facts) => engineInVm(facts, /^lima-/),
    (action, item) => [
      `${editJson(action, item, "~/.config/docker/daemon.json")} in the guest`,
      "limactl shell default systemctl --user restart docker",
    ],
    { folder: "~/.config/docker/certs.d", inside: "the guest" },
  ),
  row(
    "minikube",
    "minikube",
    (facts) => {
      // Buildroot makes servers of every kind; minikube's node says who provided it, as docker-machine's do.
      const provided = facts.engine?.labels.some((label) => label.startsWith("provider=")) === true;
      return (provided || !daemonOf(facts)) && engineIs(facts, /^Buildroot/);
    },
    (action, item) => [
      "# the list is fixed when the cluster is made, so it is made anew: what runs in it goes",
      "minikube delete",
      ...(action === "add"
        ? [`minikube start ${flag(item)}`]
        : [`# as before, without ${flag(item)}:`, "minikube start"]),
    ],
    inItsVm,
  ),
  row(
    "rootless",
    "rootless Docker",
    (facts) => {
      if (facts.engine?.rootless) return "the engine says name=rootless";
      const daemon = daemonOf(facts);
      return daemon && daemon.uid !== 0 && `dockerd runs as user ${daemon.uid}`;
    },
    (action, item) => [
      `${editJson(action, item, "~/.config/docker/daemon.json")} of the user who runs the engine`,
      "systemctl --user restart docker",
    ],
    { folder: "~/.config/docker/certs.d" },
  ),
  row(
    "snap",
    "the docker snap",
    (facts) =>
      /^\/(var\/)?snap\//.test(facts.engine?.rootDir ?? daemonOf(facts)?.executable ?? "") &&
      "the engine lives below /snap",
    (action, item) => [
      editJson(action, item, "/var/snap/docker/current/config/daemon.json"),
      "sudo snap restart docker.dockerd",
    ],
    { folder: "/var/snap/docker/common/etc/certs.d" },
  ),
  row(
    "synology",
    "Synology Container Manager",
    (facts) => facts.markers.has("synology") && "/etc/synoinfo.conf is there",
    (action, item) => [
      editJson(action, item, "/var/packages/ContainerManager/etc/dockerd.json"),
      "sudo synopkg restart ContainerManager",
    ],
  ),
  row(
    "rancheros",
    "RancherOS",
    (facts) => osIs(facts, "rancheros"),
    (action, item) => [
      `sudo ros config get rancher.docker.${rosKey(item)}`,
      `# set that list again, ${action === "add" ? "with" : "without"} ${item.value}:`,
      `# sudo ros config set rancher.docker.${rosKey(item)} "['${item.value}', …]"`,
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
    (action, item) => [
      ...(action === "add"
        ? [
            `sudo test -e /etc/docker/daemon.json || { sudo mkdir -p /etc/docker && echo '{ ${listLine(item)} }' | sudo tee /etc/docker/daemon.json; }`,
            `# if it was there before: add ${listLine(item)} to it`,
          ]
        : [editLoadedJson(action, item)]),
      "sudo systemctl reload docker",
    ],
  ),
  row(
    "openrc",
    "Alpine or Gentoo with OpenRC",
    (facts) => facts.init === "openrc" && "OpenRC is there",
    (action, item) => [editLoadedJson(action, item), "sudo rc-service docker reload"],
  ),
  row(
    "amazon-linux",
    "Amazon Linux",
    (facts) => osIs(facts, "amzn"),
    (action, item) => [
      action === "add"
        ? `# add ${flag(item)} to OPTIONS="…" in /etc/sysconfig/docker, or ${listLine(item)} to /etc/docker/daemon.json`
        : `# take ${flag(item)} out of OPTIONS="…" in /etc/sysconfig/docker, or "${item.value}" out of /etc/docker/daemon.json`,
      "sudo service docker restart",
    ],
  ),
  row(
    "rhel-docker",
    "RHEL's or CentOS 7's own docker",
    (facts) => unitPasses(facts, "/etc/sysconfig/docker"),
    (action, item) => [
      action === "add"
        ? `# in /etc/sysconfig/docker: ${rhelVariable(item)}='${flag(item)}', after what stands there`
        : `# in /etc/sysconfig/docker, take ${flag(item)} out of ${rhelVariable(item)}`,
      "sudo systemctl restart docker",
    ],
  ),
  row(
    "rhel-sysvinit",
    "RHEL or CentOS 6",
    (facts) =>
      facts.markers.has("rhel-init") && facts.init === "sysvinit" && "/etc/rc.d/init.d/functions is there",
    (action, item) => [
      action === "add"
        ? `# in /etc/sysconfig/docker: other_args="${flag(item)}", after what stands there`
        : `# in /etc/sysconfig/docker, take ${flag(item)} out of other_args`,
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
  (action, item) => [editLoadedJson(action, item), "sudo systemctl reload docker"],
);
