/** A registry of a lab host with an image in it, for engines besides the one that put it there. */
import assert from "node:assert/strict";
import type { TlsAuthority } from "../support/tls-authority.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startRegistry } from "./lab.ts";
import { hostOf, type Person } from "./regctl-over-ssh.ts";

/** An image of nothing but busybox, in Docker's store. */
export const importBase = `mkdir -p /root/base/bin; cd /root/base; cp /bin/busybox bin/
tar -c . | docker import - base:1`;

export interface Scene {
  readonly host: LabHost;
  readonly person: Person;
  readonly authority: TlsAuthority;
}

/** Docker, which is told of the registry, pushes `base:1` under that name. */
export async function openRegistryWithImage(
  { host, person, authority }: Scene,
  { port, name, secure }: { readonly port: number; readonly name: string; readonly secure: boolean },
) {
  const tls = secure ? await authority.issue({ names: [`IP:${host.address}`] }) : undefined;
  const { address } = await startRegistry(host, { port, ...(tls ? { tls } : {}) });
  const how = secure ? ["trust", address, "--ca", `${person.home}/ca.pem`] : ["insecure", address];
  const to = ["--on", host.name, "--engine", "docker", "--json", "--progress", "none"];
  assert.equal(hostOf(await person.regctl(["setup", ...how, ...to])).proved, true);
  const image = `${address}/${name}`;
  await shell(host, `docker tag base:1 ${image} && docker push ${image} && docker rmi ${image}`);
  return { address, image };
}
