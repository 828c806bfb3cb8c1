/** From what a person has and what was seen of it to the steps that end with a default registry. Pure. */
import type { ProbeVerdict } from "../engine/probe.ts";
import { hostOf } from "../registry/insecure-list.ts";
import { isLoopbackHost } from "../registry/loopback.ts";

/** `--insecure` and `--ca` of this call. */
export interface Reach {
  readonly insecure: boolean | undefined;
  readonly ca: string | undefined;
}

/** How a registry let itself be reached: `plain` speaks HTTP alone, `untrusted` shows a certificate that nobody vouches for. */
export type Contact = "well" | "plain" | "untrusted";

/** Where the registry is to come from, and what was seen there. */
export type Target =
  | {
      readonly kind: "registry";
      readonly registry: string;
      readonly contact: Contact;
      /** Its certificate was. */
      readonly verified: boolean;
      /** It asks for a login, and there is none; null where it was not asked. */
      readonly wantsLogin: boolean | null;
      /** What this machine's engine met when it asked there; null without an engine. */
      readonly engine: ProbeVerdict | null;
    }
  | {
      readonly kind: "server";
      /** As it was typed. */
      readonly server: string;
      /** The registry as the server sees it. */
      readonly to: string | undefined;
      readonly port: number | undefined;
      readonly service: boolean;
      /** The registry of a tunnel that runs to there already. */
      readonly running: string | null;
    }
  | {
      readonly kind: "serve";
      readonly port: number;
      readonly service: boolean;
      /** The registry that is served already from the usual folder. */
      readonly running: string | null;
    };

/** A null registry is the one that a step before has brought. */
export type Step =
  | {
      readonly kind: "tunnel";
      readonly server: string;
      readonly to: string | undefined;
      readonly port: number | undefined;
      readonly service: boolean;
    }
  | { readonly kind: "serve"; readonly port: number; readonly service: boolean }
  | { readonly kind: "trust"; readonly registry: string }
  | { readonly kind: "insecure"; readonly registry: string }
  | { readonly kind: "use"; readonly registry: string | null; readonly insecure: boolean | undefined }
  /** `certain`: it is known now that the registry asks for one. */
  | { readonly kind: "login"; readonly registry: string | null; readonly certain: boolean };

export interface Surroundings {
  /** The engine of docker here; null for none. `near`: what is localhost for it is so for this machine. */
  readonly engine: { readonly name: string; readonly near: boolean } | null;
  /** What is the default registry now. */
  readonly current: { readonly registry: string; readonly from: "environment" | "other" } | null;
}

export interface InitPlan {
  readonly steps: readonly Step[];
  /** What a person must know besides, one sentence each, without the full stop. */
  readonly notes: readonly string[];
}

export function planInit(target: Target, reach: Reach, around: Surroundings): InitPlan {
  const notes = [...currentNotes(target, around), ...engineNotes(target, around)];
  return { steps: stepsOf(target, reach), notes };
}

function stepsOf(target: Target, reach: Reach): readonly Step[] {
  const { insecure } = reach;
  switch (target.kind) {
    case "serve": {
      const { port, service, running } = target;
      const serve: Step = { kind: "serve", port, service };
      return [...(running === null ? [serve] : []), { kind: "use", registry: running, insecure: undefined }];
    }
    case "server": {
      const { server, to, port, service, running } = target;
      const tunnel: Step = { kind: "tunnel", server, to, port, service };
      return [
        ...(running === null ? [tunnel] : []),
        { kind: "use", registry: running, insecure },
        { kind: "login", registry: running, certain: false },
      ];
    }
    case "registry":
      return registrySteps(target, reach);
  }
}

/**
 * What our own commands can do without the engine comes first, so that it stands when the engine cannot be told. Only
 * where they verify by what the engine is told they wait for it.
 */
function registrySteps(
  target: Extract<Target, { kind: "registry" }>,
  { insecure, ca }: Reach,
): readonly Step[] {
  const { registry, contact, wantsLogin } = target;
  const byEngine = contact === "untrusted" && ca === undefined;
  const told = toldToEngine(target, ca);
  const tell: readonly Step[] = told === null ? [] : [{ kind: told, registry }];
  const use: Step = { kind: "use", registry, insecure: contact === "plain" ? true : insecure };
  const login: readonly Step[] =
    wantsLogin === false ? [] : [{ kind: "login", registry, certain: wantsLogin === true }];
  return byEngine ? [...tell, use, ...login] : [use, ...login, ...tell];
}

/** What this machine's engine must be told before it talks to the registry; null for nothing. */
function toldToEngine(
  { registry, contact, verified, engine }: Extract<Target, { kind: "registry" }>,
  ca: string | undefined,
): "insecure" | "trust" | null {
  if (engine === null) return null;
  if (contact === "untrusted" && ca === undefined) return "trust";
  if (isLoopbackHost(hostOf(registry))) return null;
  switch (engine) {
    case "protocol":
      return "insecure";
    case "trust":
      return verified ? "trust" : "insecure";
    // An engine that cannot be asked is told what our own commands had to be told.
    case "unsupported":
      if (!verified) return "insecure";
      return ca === undefined ? null : "trust";
    default:
      return null;
  }
}

function currentNotes(target: Target, { current }: Surroundings): readonly string[] {
  if (current === null || current.registry === registryOf(target)) return [];
  if (current.from === "environment")
    return [`REGCTL_REGISTRY names ${current.registry}, and goes before what is set here`];
  return [`the default registry so far, ${current.registry}, gives way to the new one`];
}

function registryOf(target: Target): string | null {
  return target.kind === "registry" ? target.registry : target.running;
}

function engineNotes(target: Target, { engine }: Surroundings): readonly string[] {
  if (engine === null) return ["no engine answers here: images come from files, and go to files"];
  const { name } = engine;
  if (target.kind === "registry" && (target.engine === "unreachable" || target.engine === "unknown"))
    return [`${name} did not reach ${target.registry}: "regctl doctor ${target.registry}" finds out why`];
  if (target.kind === "serve" && !engine.near) {
    return [
      `${name} is not on this machine, and has a localhost of its own: "regctl publish" and "regctl pull" reach both, docker's push and pull do not`,
    ];
  }
  return [];
}
