import { daemonOf, type HostFacts } from "../facts.ts";

/**
 * What speaks for an engine in a virtual machine of that name. A server may have any name, so it counts only where no
 * dockerd of this machine answers. Pure.
 */
export function engineInVm(facts: HostFacts, name: RegExp): string | false {
  return (
    name.test(facts.engine?.name ?? "") &&
    !daemonOf(facts) &&
    `the engine's host is named ${facts.engine?.name}, and no dockerd of this machine answers`
  );
}
