/** Can lab hosts run on this machine? Installs what is missing, and says so first. */
import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { mustRun, runCommand } from "./command.ts";

export type LabAbility = { readonly can: true } | { readonly can: false; readonly reason: string };

/** Program to look for, and the Debian package that brings it. */
const needed = [{ program: "/usr/bin/mmdebstrap", package: "mmdebstrap" }] as const;

/**
 * Answers whether the lab can run here and makes it so: on Debian as root it installs mmdebstrap when it
 * is missing, and nothing else. What it installs is announced with `say`.
 */
export async function openLab(
  say: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): Promise<LabAbility> {
  const obstacle = findObstacle() ?? (await findKernelObstacle());
  if (obstacle !== null) return { can: false, reason: obstacle };
  const missing = needed.filter((tool) => !existsSync(tool.program)).map((tool) => tool.package);
  if (missing.length === 0) return { can: true };
  say(`lab: installing with apt-get: ${missing.join(", ")} (no service is started)`);
  try {
    await install(missing);
  } catch (error) {
    return { can: false, reason: `could not install ${missing.join(", ")}: ${String(error).slice(0, 500)}` };
  }
  return { can: true };
}

function findObstacle(): string | null {
  if (process.platform !== "linux") return "not Linux";
  if (process.getuid?.() !== 0) return "not root";
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID="?debian"?$/m.test(release) ? null : "not Debian";
}

/** Tries what every host needs, in namespaces that end with the attempt. */
async function findKernelObstacle(): Promise<string | null> {
  const attempt = [
    "mount -t tmpfs lab /mnt",
    "mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root",
    "mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work lab /mnt/root",
    "mknod /mnt/root/null c 1 3",
  ].join(" && ");
  const flags = ["-m", "-n", "-u", "-i", "-C", "-p", "-f", "--propagation", "private"];
  try {
    const { code, stderr } = await runCommand(["unshare", ...flags, "sh", "-c", attempt]);
    return code === 0 ? null : `no permission for namespaces and mounts (${stderr.trim().slice(0, 200)})`;
  } catch (error) {
    return `cannot run unshare (${String(error)})`;
  }
}

async function install(packages: readonly string[]): Promise<void> {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  // 101 is "forbidden by policy": no package may start a service on this machine.
  if (ours) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const command = [
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "apt-get",
      "-qq",
      "-y",
      "-o",
      "DPkg::Lock::Timeout=120",
    ];
    const argv = [...command, "--no-install-recommends", "install", ...packages];
    const first = await runCommand(argv, { timeoutMs: 600_000 });
    if (first.code === 0) return;
    await mustRun([...command, "update"], { timeoutMs: 600_000 });
    await mustRun(argv, { timeoutMs: 600_000 });
  } finally {
    if (ours) await rm(policy, { force: true });
  }
}
