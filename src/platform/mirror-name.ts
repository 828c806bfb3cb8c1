/** Judging the URL of a mirror before any host hears of it: one that the engine refuses costs it the whole list. Pure. */
import { RegctlError } from "../errors.ts";
import { judgeRegistry } from "./registry-name.ts";

export interface JudgedMirror {
  /** As it is to stand in the list: with the slash that engines put at its end. */
  readonly url: string;
  /** HOST[:PORT] of it, by which the journal and `setup undo` know it. */
  readonly registry: string;
  readonly scheme: "http" | "https";
  /** What was changed on the way, and what may surprise; one sentence each. */
  readonly said: readonly string[];
}

/** @throws RegctlError BAD_REGISTRY, REGISTRY_NO_EFFECT */
export function judgeMirror(given: string): JudgedMirror {
  const bad = (problem: string, type?: string) =>
    new RegctlError("BAD_REGISTRY", {
      given: shown(given),
      problem,
      ...(type === undefined ? {} : { type }),
    });
  const scheme = /^(https?):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== "http" && scheme !== "https") {
    throw bad("a mirror is given as a URL", /^[\w.:[\]-]+$/.test(given) ? `https://${given}` : undefined);
  }
  const rest = given.slice(scheme.length + 3);
  if (rest.includes("@")) throw bad("a mirror holds no user name: log in with docker login");
  if (/[?#]/.test(rest))
    throw bad("a mirror holds no ? and no #", `${scheme}://${rest.replace(/[?#].*$/, "")}`);
  const host = rest.replace(/\/+$/, "");
  if (host.includes("/")) {
    throw bad("older engines take no path in a mirror", `${scheme}://${host.slice(0, host.indexOf("/"))}`);
  }
  const judged = judgeRegistry(host);
  if (judged.kind.startsWith("cidr")) throw bad("a mirror is one registry, not a network");
  const url = `${scheme}://${judged.registry}/`;
  const respelled = given === url || `${given}/` === url ? [] : [`taken as ${url}`];
  const open =
    scheme === "http" ? [`what comes from ${url} is neither encrypted nor verified on its way`] : [];
  return { url, registry: judged.registry, scheme, said: [...respelled, ...open] };
}

function shown(given: string): string {
  return given.replace(/\p{Cc}/gu, "?").replace(/^([^/]*:\/\/)?.*@/, "$1…@");
}
