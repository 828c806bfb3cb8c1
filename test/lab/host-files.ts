/** The files that make a base root one particular host. */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Kind, KindFile } from "./kinds/kind.ts";

export interface HostIdentity {
  readonly name: string;
  readonly address: string;
  /** The client's public key, as in authorized_keys. */
  readonly publicKey: string;
}

const keyTypes = ["ed25519", "ecdsa"] as const;

const makeHostKeys = `for type in ${keyTypes.join(" ")}; do
  ssh-keygen -q -t $type -N "" -C lab -f /etc/ssh/ssh_host_\${type}_key
done
`;

function planHostFiles(kind: Kind, host: HostIdentity): readonly KindFile[] {
  return [
    ...kind.files,
    { path: "/etc/hostname", text: `${host.name}\n` },
    { path: "/etc/hosts", text: `127.0.0.1 localhost\n${host.address} ${host.name}\n` },
    { path: "/etc/resolv.conf", text: "# the lab has no name server\n" },
    { path: "/etc/machine-id", text: `${crypto.randomUUID().replaceAll("-", "")}\n` },
    { path: "/etc/ssh/lab_authorized_keys", text: host.publicKey },
    { path: "/.lab-prepare", text: `${makeHostKeys}${kind.prepare}\n` },
  ];
}

/** Fills the layer between base and host, before anything of it is mounted. `space` is supervise.sh's. */
export async function writeHostFiles(space: string, kind: Kind, host: HostIdentity): Promise<void> {
  for (const { path, text, mode } of planHostFiles(kind, host)) {
    const target = `${space}/files${path}`;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    // Explicitly, for the mode of a new file depends on the umask.
    await chmod(target, mode ?? 0o644);
  }
  for (const name of kind.persistent ?? []) await mkdir(`${space}/persistent/${name}`);
}

/** Writes a known_hosts file with the keys found below `root`. */
export async function writeKnownHosts(path: string, root: string, host: HostIdentity): Promise<void> {
  const texts = await Promise.all(
    keyTypes.map((type) => readFile(`${root}/etc/ssh/ssh_host_${type}_key.pub`, "utf8")),
  );
  const lines = texts.map(
    (text) => `${host.address},${host.name} ${text.split(" ").slice(0, 2).join(" ")}\n`,
  );
  await writeFile(path, lines.join(""));
}
