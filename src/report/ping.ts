/** The outcome of `ping` as lines. */
import type { PingOutcome } from "../access/ping-registry.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderPing(outcome: PingOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { registry, url, apiVersion, latencyMs } = outcome;
  const version = apiVersion === null ? "" : ` (${apiVersion})`;
  const answer = `${registry} answers at ${url}${version} in ${latencyMs} ms, ${schemeWords(outcome)}.`;
  return [
    ...renderSentence(`${style.symbols.ok} `, answer, options, style.green),
    ...renderSentence("  ", `login: ${loginWords(outcome)}`, options),
    ...capabilityLines(outcome, style),
  ];
}

function schemeWords({ scheme, verified }: PingOutcome): string {
  if (scheme === "http") return "by plain HTTP";
  return verified ? "its certificate verified" : "its certificate not verified";
}

function loginWords({ registry, auth, login }: PingOutcome): string {
  if (auth === "none") return "not asked for";
  const kind = auth === "basic" ? "by user and password" : "by token";
  switch (login) {
    case "not-needed":
      return `${kind}; everybody may look`;
    case "accepted":
      return `${kind}; yours is accepted`;
    case "missing":
      return `${kind}; you have none: regctl login ${registry}`;
    case "refused":
      return `${kind}; yours is not accepted: regctl login ${registry}`;
  }
}

const names = {
  catalog: "lists its repositories",
  tagPaging: "gives tags by the page",
  delete: "lets images be deleted",
  referrers: "keeps lists of referrers",
} as const;

function capabilityLines({ capabilities }: PingOutcome, style: Style): readonly string[] {
  return (Object.keys(names) as (keyof typeof names)[]).map((key) => {
    const able = capabilities[key];
    const word = able === null ? "unknown" : able ? "yes" : "no";
    const painted = able === true ? style.green(word) : able === false ? style.yellow(word) : style.dim(word);
    return `  ${names[key]}: ${painted}`;
  });
}
