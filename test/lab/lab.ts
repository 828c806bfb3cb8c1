/**
 * Real hosts on one machine, for integration tests. Needs what `openLab` of prerequisites.ts checks. A host ends
 * with the process that started it; what a killed process could leave is removed by the next one.
 */
import { mkdir, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { openBaseRoot, openClientKey } from "./base-root.ts";
import { type Hierarchy, readHierarchies } from "./cgroups.ts";
import { type Claim, closeClaim, openClaim, removeLeftovers } from "./claims.ts";
import type { Finished } from "./command.ts";
import { writeHostFiles, writeKnownHosts } from "./host-files.ts";
import { type InsideOptions, runInside } from "./inside.ts";
import { kinds, type LabKind } from "./kinds.ts";
import { type Cable, connectHost, planAddresses } from "./network.ts";
import { waitUntilReady } from "./ready.ts";
import { Supervisor } from "./supervisor.ts";

export { runContainer } from "./container.ts";
export type { InsideOptions } from "./inside.ts";
export type { LabKind } from "./kinds.ts";
export { startRegistry } from "./registry.ts";

export interface LabHost {
  /** Also its host name. */
  readonly name: string;
  readonly kind: LabKind;
  /** IPv4, reachable from here, or from the jump host only. */
  readonly address: string;
  /** IPv4 of this machine (or of the jump host) as the host sees it: a test can listen there. */
  readonly gateway: string;
  /** The pid, here, of the host's first process. Changes at reboot. */
  readonly initPid: number;
  /** The private key that opens root and the users nopass, withpass, nosudo and indocker (boot2docker: and docker). */
  readonly keyFile: string;
  /** A known_hosts file with the host's real keys. */
  readonly knownHosts: string;
  /** The host's root folder as a path here. Changes at reboot. */
  readonly root: string;
  /** The pid, here, of a process that holds the host's network namespace for all its life. */
  readonly networkPid: number;
  /** Runs a program inside, as root unless `user` is given. A non-zero exit is a result. */
  run(argv: readonly string[], options?: InsideOptions): Promise<Finished>;
  /** Runs this checkout's regctl inside, with the checkout's own Node, both seen read-only at /opt/regctl. */
  regctl(args: readonly string[], options?: InsideOptions): Promise<Finished>;
  /** Resolves when SSH and the engine answer again. */
  reboot(): Promise<void>;
  linkDown(): Promise<void>;
  linkUp(): Promise<void>;
  /** Ends everything of it: processes, mounts, interfaces, files. May be called again. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Default: the kind and a number. */
  readonly name?: string;
  /** The new host is reachable only through this one. */
  readonly behind?: LabHost;
}

const checkout = resolve(import.meta.dirname, "../..");

let leftovers: Promise<unknown> | undefined;

/** Starts a host and resolves when SSH and the engine answer. The first host of a machine takes a minute to build. */
export async function startHost(kind: LabKind, options: StartOptions = {}): Promise<LabHost> {
  leftovers ??= removeLeftovers();
  await leftovers;
  const recipe = kinds[kind];
  const base = await openBaseRoot(recipe.base);
  const keyFile = await openClientKey(base);
  const claim = await openClaim(base);
  const { address } = planAddresses(claim.number);
  const publicKey = await readFile(`${keyFile}.pub`, "utf8");
  const identity = { name: options.name ?? `${kind}-${claim.number}`, address, publicKey };
  const space = `${claim.folder}/space`;
  await mkdir(space);
  const { init, changes, cgroups } = recipe;
  const hierarchies = readHierarchies(cgroups);
  const supervisor = new Supervisor({
    space,
    base,
    name: identity.name,
    init,
    changes,
    cgroup: claim.cgroup,
    hierarchies,
    checkout,
  });
  try {
    await supervisor.prepared();
    await writeHostFiles(`/proc/${supervisor.pid}/root${space}`, recipe, identity);
    const cable = await connectHost(claim.number, base, supervisor.pid, options.behind?.networkPid);
    await supervisor.boot();
    await waitUntilReady(supervisor.initPid);
    const knownHosts = `${claim.folder}/known_hosts`;
    await writeKnownHosts(knownHosts, `/proc/${supervisor.initPid}/root`, identity);
    return presentHost({
      kind,
      name: identity.name,
      keyFile,
      knownHosts,
      claim,
      supervisor,
      cable,
      hierarchies,
    });
  } catch (error) {
    await supervisor.stop();
    await closeClaim(claim);
    throw error;
  }
}

interface Parts extends Pick<LabHost, "kind" | "name" | "keyFile" | "knownHosts"> {
  readonly claim: Claim;
  readonly supervisor: Supervisor;
  readonly cable: Cable;
  readonly hierarchies: readonly Hierarchy[];
}

function presentHost({ claim, supervisor, cable, hierarchies, ...known }: Parts): LabHost {
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    // With the cable in, the ends of all connections are told; with it out they would linger.
    await cable.setLink("up").catch(() => undefined);
    await supervisor.stop();
    await cable.remove();
    await closeClaim(claim);
  };
  const { cgroup } = claim;
  const run: LabHost["run"] = (argv, inside) =>
    runInside({ initPid: supervisor.initPid, cgroup, hierarchies }, argv, inside);
  const regctl = ["/opt/regctl/node_modules/.bin/node", "/opt/regctl/bin/run.js"];
  return {
    ...known,
    address: cable.address,
    gateway: cable.gateway,
    networkPid: supervisor.pid,
    get initPid() {
      return supervisor.initPid;
    },
    get root() {
      return `/proc/${supervisor.initPid}/root`;
    },
    run,
    regctl: (args, inside) => run([...regctl, ...args], inside),
    reboot: async () => {
      const { boots } = supervisor;
      await run(kinds[known.kind].reboot);
      await supervisor.booted(boots + 1);
      await waitUntilReady(supervisor.initPid);
    },
    linkDown: () => cable.setLink("down"),
    linkUp: () => cable.setLink("up"),
    // Once only: the number may belong to another host afterwards.
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
