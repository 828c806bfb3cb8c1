/** The name of a registry whose certificate is to be trusted: engines look it up as images spell it. Pure. */
import { RegctlError } from "../../errors.ts";
import { type JudgedRegistry, judgeRegistry } from "../registry-name.ts";

/** @throws RegctlError BAD_REGISTRY, REGISTRY_NO_EFFECT */
export function judgeTrusted(given: string): JudgedRegistry {
  const judged = judgeRegistry(given);
  const { kind, registry, said } = judged;
  if (kind.startsWith("cidr")) {
    const problem = "a certificate is for one registry, not for a network";
    throw new RegctlError("BAD_REGISTRY", { given, problem });
  }
  if (kind !== "ipv6" || registry.startsWith("[")) return judged;
  const spelled = judgeRegistry(`[${registry}]`);
  return { ...spelled, said: [...said, `taken as ${spelled.registry}, for so images write this address`] };
}
