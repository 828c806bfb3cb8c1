/** Whether plain HTTP or an unverified certificate will do for a registry, and who says so. Pure. */
import type { RegistrySettings } from "../config/settings.ts";
import { isListed } from "../registry/insecure-list.ts";
import { isLoopbackHost } from "../registry/loopback.ts";
import type { EngineLook, InsecureLook, Target } from "./facts.ts";

export interface InsecureQuestion {
  readonly target: Target;
  /** `--insecure`, `--no-insecure`. */
  readonly flag: boolean | undefined;
  /** An authority is named for this call: then it shall count. */
  readonly ca: boolean;
  readonly recorded: RegistrySettings | undefined;
  readonly engine: EngineLook;
  readonly addresses: readonly string[];
}

/** Networks that engines take for insecure without being told. */
const loopbacks = ["127.0.0.0/8", "::1/128"];

/** Where an engine is, its list decides: what regctl alone is told lets no image be pulled by docker. */
export function decideInsecure(question: InsecureQuestion): InsecureLook {
  const { target, flag, ca, recorded, engine, addresses } = question;
  const { registry, host } = target;
  const byEngine = engine.expected;
  const no: InsecureLook = { allowed: false, by: null, engine: byEngine };
  const yes = (by: InsecureLook["by"]): InsecureLook => ({ allowed: true, by, engine: byEngine });
  if (flag === false) return no;
  if (flag === true) return yes("flag");
  if (ca) return no;
  if (isLoopbackHost(host)) return yes("loopback");
  if (!byEngine) return recorded?.insecure === true ? yes("settings") : no;
  // An engine that runs shows them, too.
  const entries = engine.effective ?? [...engine.configured, ...loopbacks];
  const lists = (list: readonly string[]) => isListed({ registry, addresses, entries: list });
  if (lists(entries.filter((entry) => !loopbacks.includes(entry)))) return yes("list");
  return lists(entries) ? yes("loopback") : no;
}
