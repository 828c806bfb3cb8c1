/** Root file systems that lab hosts start from: built once with mmdebstrap, kept outside the checkout. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { mustRun } from "./command.ts";

export type BaseName = "systemd" | "sysvinit" | "openrc" | "sid";

const common =
  "docker.io,openssh-server,sudo,iproute2,iptables,procps,curl,ca-certificates,busybox-static,docker-registry,nginx-light";

/** A name ending in `-` keeps that package out. */
const packagesOf: Readonly<Record<BaseName, string>> = {
  systemd: `${common},systemd,systemd-sysv,dbus,libpam-systemd-`,
  sysvinit: `${common},sysvinit-core,sysv-rc,systemd-,libpam-systemd-,elogind-,libpam-elogind-`,
  openrc: `${common},openrc,sysv-rc-,systemd-,libpam-systemd-,elogind-,libpam-elogind-`,
  sid: `${common},systemd,systemd-sysv,dbus,libpam-systemd-,docker-cli,docker-buildx,podman,crun,netavark,buildah,skopeo`,
};

/** What there is of mmdebstrap's own words: suite, then options for apt. */
const suiteOf: Readonly<Record<BaseName, readonly string[]>> = {
  systemd: ["bookworm"],
  sysvinit: ["bookworm"],
  openrc: ["bookworm"],
  // It has the newest engine. A copy of it that stands still is good enough, though its Release file has an end.
  sid: ["sid", '--aptopt=Acquire::Check-Valid-Until "false"'],
};

/** Run by mmdebstrap with the new root as $1. */
const commonHook = `set -e
for user in nopass withpass nosudo indocker; do chroot "$1" useradd --create-home --shell /bin/bash $user; done
printf 'withpass:lab-secret\\nnosudo:lab-secret\\n' | chroot "$1" chpasswd
chroot "$1" usermod --append --groups docker indocker
printf 'nopass ALL=(ALL:ALL) NOPASSWD: ALL\\nwithpass ALL=(ALL:ALL) ALL\\n' > "$1/etc/sudoers.d/lab"
chmod 0440 "$1/etc/sudoers.d/lab"
cat > "$1/etc/ssh/sshd_config.d/lab.conf" <<'END'
PermitRootLogin prohibit-password
PasswordAuthentication yes
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys
END
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/docker/daemon.json
mkdir -p "$1/opt/regctl"
`;

/** Units that a test host does not need: they cost time at each boot, or want devices. */
const maskedUnits = [
  "apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer",
  "getty@tty1.service console-getty.service getty.target systemd-pstore.service systemd-logind.service",
  "systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-remount-fs.service",
  "sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount",
  "dev-hugepages.mount dev-mqueue.mount modprobe@.service systemd-modules-load.service systemd-sysctl.service",
].join(" ");

const systemdHook = `${commonHook}
chroot "$1" systemctl disable docker-registry.service nginx.service
chroot "$1" systemctl mask ${maskedUnits}
# Logins need not wait for the whole boot.
ln -s /dev/null "$1/etc/tmpfiles.d/systemd-nologin.conf"
`;

const hookOf: Readonly<Record<BaseName, string>> = {
  systemd: systemdHook,
  sid: systemdHook,
  // Its services are started by hand, in the order that the kind says.
  openrc: commonHook,
  // Halting must not unmount what the lab mounted; the docker script asks for limits that a machine may refuse.
  sysvinit: `${commonHook}
rm -f "$1"/etc/rc?.d/*docker-registry "$1"/etc/rc?.d/*nginx
rm -f "$1"/etc/rc[06].d/*umount* "$1"/etc/rc[06].d/*hwclock* "$1"/etc/rc[06].d/*urandom*
sed -i -E 's/^(\\s*ulimit -[nup] .*)$/\\1 || true/' "$1/etc/init.d/docker"
`,
};

/**
 * Builds unless someone did: $1 final folder, $2 packages, $3 hook, $4 suite, then options. The lock ends with the
 * process that holds it.
 */
const buildScript = `set -e
[ -d "$1/root" ] && exit 0
final=$1 packages=$2 hook=$3 suite=$4
shift 4
rm -rf "$final.building" && mkdir -p "$final.building"
mmdebstrap --quiet --variant=minbase --include="$packages" --customize-hook="$hook" "$@" "$suite" "$final.building/root"
mv "$final.building" "$final"
`;

export function cacheFolder(): string {
  return process.env.REGCTL_LAB_CACHE ?? "/var/cache/regctl-lab";
}

/** The path of a ready base root. Takes about 40 s the first time on a machine. */
export async function openBaseRoot(name: BaseName): Promise<string> {
  const recipe = [packagesOf[name], hookOf[name], ...suiteOf[name], buildScript];
  const key = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
  const folder = `${cacheFolder()}/${name}-${key}`;
  if (!existsSync(`${folder}/root`)) {
    await locked(`${name}.lock`, buildScript, [folder, packagesOf[name], hookOf[name], ...suiteOf[name]]);
  }
  return `${folder}/root`;
}

/** $1 base root, $2 key file. */
const keyScript = `set -e
[ -e "$2" ] && exit 0
rm -f "$1/tmp/lab-key" "$1/tmp/lab-key.pub"
chroot "$1" ssh-keygen -q -t ed25519 -N "" -C regctl-lab -f /tmp/lab-key
mv "$1/tmp/lab-key.pub" "$2.pub" && mv "$1/tmp/lab-key" "$2"
`;

/** The private key (0600, with `.pub` beside it) that opens every lab host of this machine, and nothing else. */
export async function openClientKey(base: string): Promise<string> {
  const file = `${cacheFolder()}/client-key`;
  if (!existsSync(file)) await locked("client-key.lock", keyScript, [base, file]);
  return file;
}

async function locked(lock: string, script: string, args: readonly string[]): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const argv = ["flock", `${cacheFolder()}/${lock}`, "sh", "-c", script, "lab", ...args];
  await mustRun(argv, { timeoutMs: 900_000 });
}
