/** Engines that regctl knows and does not change: what a person types there is told, and why it is left to them. */
import { RegctlError } from "../../errors.ts";
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, TrustRequest } from "../change-request.ts";
import type { EngineKind, EngineSite } from "./engine-kind.ts";

export interface Printed extends Pick<EngineKind, "name" | "title" | "find"> {
  /** As a sentence goes on: "… which regctl knows but does not change by itself: WHY". */
  readonly why: string;
  /** Lines to paste on the host, in order. */
  lines(request: ChangeRequest, site: EngineSite): Promise<readonly string[]>;
}

export function printedEngine({ name, title, find, why, lines }: Printed): EngineKind {
  return {
    name,
    title,
    find,
    async plan(request, site) {
      throw new RegctlError("PLATFORM_NOT_WRITTEN", {
        host: site.facts.host,
        platform: title,
        why,
        evidence: find(site.facts) ?? ["--engine names it"],
        paste: await lines(request, site),
      });
    },
    service: () => ({ reload: ["true"], restart: null, start: null, log: ["true"] }),
    told: () => null,
    status: async () => ({
      version: null,
      path: null,
      registries: [],
      mirrors: [],
      trusted: [],
      problem: `regctl does not read the settings of ${title}`,
    }),
  };
}

/** A text as one command that prints it, which survives being copied from a terminal. */
export function printing(text: string): string {
  return `printf '%s\\n' ${text.trimEnd().split("\n").map(quoteWord).join(" ")}`;
}

export function authorityOf({ authority }: TrustRequest): string {
  return authority.certificates.map(({ pem }) => pem).join("");
}
