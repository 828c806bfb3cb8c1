/** A lab host, a registry on it with a certificate of an authority that nobody knows, and a person who has that authority. */
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { eventually, must } from "./conduct.ts";
import { startSurvivor } from "./engine-state.ts";
import { type LabHost, type LabKind, startHost, startRegistry } from "./lab.ts";
import { openPerson } from "./regctl-over-ssh.ts";

export const json = ["--json", "--progress", "none"];

export const sha256Of = (pem: string) =>
  `sha256:${new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase()}`;

/** Everything below /etc/docker, folders and modes too. */
export const treeOf = (host: LabHost) =>
  must(host, "sh", "-c", "find /etc/docker/ -exec stat -c '%n %F %a %U' {} + 2>/dev/null | sort");

/** An engine looks into /etc/hosts again after some seconds. */
export const untilKnown = (host: LabHost, registry: string) =>
  eventually("an engine that knows the name", async () =>
    /x509/.test((await host.run(["docker", "pull", `${registry}/none`])).stderr),
  );

export async function openScene(kind: LabKind) {
  const [host, authority] = await Promise.all([startHost(kind), createTlsAuthority("lab authority")]);
  const person = await openPerson(host);
  const present = (leaf: string, registry: string) => {
    const on = ["--on", host.name, ...json];
    return {
      ...{ host, person, authority, registry, leaf },
      file: `${person.home}/ca.pem`,
      regctl: (...words: readonly string[]) => person.regctl([...words, ...on]),
      leave,
    };
  };
  const leave = async () => {
    await person.leave();
    await host.stop();
    await authority[Symbol.asyncDispose]();
  };
  try {
    const tls = await authority.issue({ names: [`IP:${host.address}`, "DNS:reg.lab"] });
    const { address } = await startRegistry(host, { tls });
    await startSurvivor(host);
    await writeFile(`${person.home}/ca.pem`, authority.ca);
    return present(tls.cert, address);
  } catch (error) {
    await leave();
    throw error;
  }
}

export type Opened = Awaited<ReturnType<typeof openScene>>;
