import { RegctlError } from "../../errors.ts";
import type { Activation, Consent } from "../plan.ts";
import type { BuildkitSite } from "./buildkit-site.ts";

/** It reads its file when it starts, and builds that run end with it: so that is asked for. */
export function activationOf({ daemon, facts, path }: BuildkitSite): {
  readonly activation: Activation;
  readonly consents: readonly Consent[];
  /** Why nothing can prove it now. */
  readonly unproved?: string;
} {
  if (daemon === null) {
    const unproved = `buildkitd does not run here, and reads ${path} when it starts: nothing was asked`;
    return { activation: { kind: "none" }, consents: [], unproved };
  }
  if (daemon.unit === null) {
    throw new RegctlError("PLATFORM_NOT_WRITTEN", {
      host: facts.host,
      platform: "a buildkitd that no service manager runs",
      evidence: ["it reads its settings at its start alone, and nobody would start it again"],
      paste: [`# stop it, run regctl setup again, and start it with: ${daemon.argv.join(" ")}`],
    });
  }
  const { name, user } = daemon.unit;
  const systemctl = user
    ? ["env", `XDG_RUNTIME_DIR=/run/user/${daemon.uid}`, "systemctl", "--user"]
    : ["systemctl"];
  const restart = [[...systemctl, "restart", name]];
  const start = [
    [...systemctl, "reset-failed", name],
    [...systemctl, "start", name],
  ];
  const consent: Consent = {
    id: "restart",
    question: `Restart BuildKit (${name}) on ${facts.host}? Builds that run end with it.`,
    details: [],
    flag: "--allow-restart",
  };
  return { activation: { kind: "restart", commands: restart, start, stops: 0 }, consents: [consent] };
}
