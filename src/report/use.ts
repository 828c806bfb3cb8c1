/** The outcome of `use` as lines. */
import type { UseOutcome } from "../access/use-registry.ts";
import { renderPing } from "./ping.ts";
import { escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

const origins = {
  reference: "the reference",
  flag: "--registry",
  environment: "REGCTL_REGISTRY",
  settings: "regctl use",
  tunnel: "the tunnel that is up",
} as const;

export function renderUse(outcome: UseOutcome, options: RenderOptions): readonly string[] {
  const { registry, from, insecure, ca, ping } = outcome;
  if (registry === null || from === null)
    return ["There is no default registry. Set one: regctl use HOST[:PORT]"];
  if (ping !== undefined) return renderPing(ping, options);
  const facts = [
    `set by ${origins[from]}`,
    ...(insecure ? ["insecure"] : []),
    ...(ca === null ? [] : [`CA ${escapeControl(ca)}`]),
  ];
  return [`${escapeControl(registry)} (${facts.join(", ")})`];
}
