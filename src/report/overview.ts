/** What this host has to do with registries, as lines. */
import type { Overview } from "../overview/overview.ts";
import { createStyle, escapeControl } from "./style.ts";
import { widthOf } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

const origins = {
  reference: "the reference",
  flag: "--registry",
  environment: "REGCTL_REGISTRY",
  settings: "regctl use",
  tunnel: "the only tunnel that is up",
} as const;

export function renderOverview(overview: Overview, options: RenderOptions): readonly string[] {
  const { bold, dim, symbols } = createStyle(options);
  const { registry, engine, servers, tunnels, next } = overview;
  const none = dim(symbols.none);
  const facts: readonly (readonly [string, string])[] = [
    [
      "default registry",
      registry === null ? none : `${escapeControl(registry.name)} (by ${origins[registry.from]})`,
    ],
    [
      "engine",
      engine === null ? `${none} none answers` : escapeControl(`${engine.address}, ${engine.version}`),
    ],
    ...(engine === null
      ? []
      : [["without verified certificates", escapeControl(engine.insecure.join(", ")) || none] as const]),
    ["served from here", escapeControl(servers.join(", ")) || none],
    [
      "tunnels",
      tunnels.map(({ name, registry: local }) => escapeControl(`${name} as ${local ?? "?"}`)).join(", ") ||
        none,
    ],
  ];
  const widest = Math.max(...facts.map(([name]) => name.length));
  const left = Math.max(...next.map(({ about }) => widthOf(about)));
  return [
    ...facts.map(([name, value]) => `${name.padEnd(widest)}  ${value}`),
    "",
    bold("What to type next"),
    ...next.map(({ about, command }) => `  ${about.padEnd(left)}  ${command}`),
    `  ${"everything there is".padEnd(left)}  regctl --help`,
  ];
}
