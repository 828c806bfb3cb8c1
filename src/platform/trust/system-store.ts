/** Where operating systems keep the authorities that an administrator adds, and how they are collected anew. Pure. */
import type { HostFacts } from "../facts.ts";

export interface SystemStore {
  /** Files in it end in `.crt` and hold one certificate in PEM. */
  readonly folder: string;
  /** Also forgets what is gone from the folder. */
  readonly collect: readonly string[];
}

interface Row extends SystemStore {
  /** Values of ID and ID_LIKE of os-release(5). */
  readonly ids: readonly string[];
}

// update-ca-certificates(8) of Debian and Alpine, of SUSE; update-ca-trust(8) of Red Hat.
const stores: readonly Row[] = [
  {
    ids: ["debian", "ubuntu", "alpine"],
    folder: "/usr/local/share/ca-certificates",
    collect: ["update-ca-certificates", "--fresh"],
  },
  {
    ids: ["fedora", "rhel", "centos", "amzn"],
    folder: "/etc/pki/ca-trust/source/anchors",
    collect: ["update-ca-trust", "extract"],
  },
  {
    ids: ["suse", "opensuse", "sles"],
    folder: "/etc/pki/trust/anchors",
    collect: ["update-ca-certificates", "--fresh"],
  },
];

/** That of a host; null when nobody knows one. */
export function findSystemStore({ osRelease }: Pick<HostFacts, "osRelease">): SystemStore | null {
  const ids = [osRelease.ID ?? "", ...(osRelease.ID_LIKE ?? "").split(" ")];
  return stores.find((store) => store.ids.some((id) => ids.includes(id))) ?? null;
}

/** The store that a file is in; undefined for any other file. */
export function systemStoreOf(path: string): SystemStore | undefined {
  return stores.find(({ folder }) => path.startsWith(`${folder}/`));
}
