import { daemonOf, type HostFacts } from "../facts.ts";
import type { RecognisedPlatform } from "../platform.ts";
import { engineInVm } from "./engine-in-vm.ts";
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

/**
 * Engines that live where we do not write. Each row says how it is known, why it is not written, and what a person does
 * there; when one becomes written, its row moves to a file of its own.
 */
function row(
  name: string,
  title: string,
  why: string,
  recognise: (facts: HostFacts) => string | null | false | undefined,
  paste: PasteList,
  certificates: CertificatePlace = engineCerts,
): RecognisedPlatform {
  return {
    kind: "recognised",
    name,
    title,
    why,
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

const isMirror = (item: Item): boolean => item.key === "registry-mirrors";
const rosKey = (item: Item): string => (isMirror(item) ? "registry_mirror" : "insecure_registry");

const inItsVm: CertificatePlace = { ...engineCerts, inside: "its virtual machine" };

/** Engines that are known by what they say or where they keep their data, whatever host they run on. */
export const recognisedFirst: readonly RecognisedPlatform[] = [
  row(
    "docker-desktop-windows",
    "Docker Desktop on Windows",
    "its file is on the Windows side, where no shell of ours is",
    (facts) => facts.markers.has("wsl") && engineIs(facts, /^Docker Desktop/),
    (action, item) => [
      `${editJson(action, item, "Settings > Docker Engine of Docker Desktop")}, then Apply & restart`,
      `# or do that in %USERPROFILE%\\.docker\\daemon.json and run there: docker desktop restart`,
    ],
    { folder: "~/.docker/certs.d", inside: "%USERPROFILE%", after: ["docker desktop restart"] },
  ),
  row(
    "rancher-desktop",
    "Rancher Desktop",
    "its virtual machine is made anew at each start, and what is to last there is a script",
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
    "the engine's files are inside of the guest, which is told with --on lima-NAME once ~/.ssh/config says Include ~/.lima/*/ssh.config",
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
    "its list is fixed when the cluster is made",
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
    "synology",
    "Synology Container Manager",
    "its Container Manager starts the engine and stops all containers for it, and no such device was to be had for a proof",
    (facts) => facts.markers.has("synology") && "/etc/synoinfo.conf is there",
    (action, item) => [
      editJson(action, item, "/var/packages/ContainerManager/etc/dockerd.json"),
      "sudo synopkg restart ContainerManager",
    ],
  ),
  row(
    "rancheros",
    "RancherOS",
    "its own tool keeps the list, and no such host is made any more",
    (facts) => osIs(facts, "rancheros"),
    (action, item) => [
      `sudo ros config get rancher.docker.${rosKey(item)}`,
      `# set that list again, ${action === "add" ? "with" : "without"} ${item.value}:`,
      `# sudo ros config set rancher.docker.${rosKey(item)} "['${item.value}', …]"`,
      "sudo system-docker restart docker",
    ],
  ),
];

/** A unit of somebody else: asked after the units that we know. */
export const unknownUnit = row(
  "systemd-other",
  "systemd with an environment file that we do not know",
  "its unit takes flags from a file of which nobody told what it is",
  (facts) =>
    facts.init === "systemd" &&
    facts.unit !== null &&
    facts.unit.mainPid === (daemonOf(facts)?.pid ?? facts.unit.mainPid) &&
    `the unit ${facts.unit.name} reads ${facts.unit.environmentFiles.join(", ")}`,
  (action, item) => [editLoadedJson(action, item), "sudo systemctl reload docker"],
);
