/** What setup may change on a lab host and what it must not: its files, its engine, its container. */
import assert from "node:assert/strict";
import { engineAnswers, must } from "./conduct.ts";
import { type LabHost, runContainer } from "./lab.ts";

const survivor = "survivor";

/** Everything that decides about an engine here, and what setup keeps for itself. */
const decisive = [
  "/etc/docker",
  "/etc/default/docker",
  "/etc/conf.d/docker",
  "/etc/sysconfig",
  "/etc/systemd/system/docker.service.d",
  "/var/lib/boot2docker/etc",
  "/var/lib/boot2docker/profile",
];
const ours = ["/var/lib/regctl", "/var/lib/boot2docker/regctl"];

/** Coreutils by their paths: on boot2docker busybox stands before them. */
const lookScript = `
/usr/bin/find "$@" -exec /usr/bin/stat -c '%n|%F|%a|%u:%g|%N|%i|%y' {} + 2>/dev/null | sort
/usr/bin/find "$@" -type f -exec /usr/bin/sha256sum {} + 2>/dev/null | sort
`;

/** Each file with kind, mode, owner, link, inode, time and bytes: equal when nothing was touched, not even rewritten. */
export function lookAt(host: LabHost): Promise<string> {
  return must(host, "sh", "-c", lookScript, "look", ...decisive, ...ours);
}

/** The same without inodes and times, folders and what is ours: equal when all is as it was. */
export async function bytesOf(host: LabHost): Promise<string> {
  const lines = (await must(host, "sh", "-c", lookScript, "look", ...decisive)).split("\n");
  return lines
    .filter((line) => !/^[^|]+\|directory\|/.test(line))
    .map((line) => (line.includes("|") ? line.split("|").slice(0, 5).join("|") : line))
    .join("\n");
}

export async function shell(host: LabHost, script: string): Promise<string> {
  return must(host, "sh", "-c", script);
}

export async function daemonPidOf(host: LabHost): Promise<number> {
  return Number(await must(host, "cat", "/var/run/docker.pid"));
}

/** The pid of the container's process; 0 when it does not run. */
export async function survivorPidOf(host: LabHost): Promise<number> {
  return Number(await must(host, "docker", "inspect", "-f", "{{.State.Pid}}", survivor));
}

/** A container that runs, and its pid. */
export async function startSurvivor(host: LabHost): Promise<number> {
  await engineAnswers(host);
  await host.run(["docker", "rm", "-f", survivor]);
  await runContainer(host, survivor);
  const pid = await survivorPidOf(host);
  assert.notEqual(pid, 0);
  return pid;
}

/** The host itself sends an image there and fetches it again; false when its engine refuses the registry. */
export async function exchangesImages(host: LabHost, registry: string): Promise<boolean> {
  const image = `${registry}/lab/sleeper:1`;
  await must(host, "docker", "tag", "lab/sleeper:1", image);
  try {
    const pushed = await host.run(["docker", "push", "-q", image]);
    if (pushed.code !== 0) {
      assert.match(pushed.stderr, /server gave HTTP response to HTTPS client/);
      return false;
    }
    await must(host, "docker", "rmi", image);
    await must(host, "docker", "pull", "-q", image);
    return true;
  } finally {
    await host.run(["docker", "rmi", image]);
  }
}

export async function liveRestoreOf(host: LabHost): Promise<boolean> {
  return (await must(host, "docker", "info", "-f", "{{.LiveRestoreEnabled}}")).trim() === "true";
}
