/** A container as a host: everything that goes to one goes through `exec` of the engine that runs it. */
import type { Host } from "../ports.ts";

/**
 * @param exec what runs commands in containers there: `docker`, with whatever has to stand before it
 * @param name as people are shown it
 */
export function nodeHost(host: Host, exec: readonly string[], container: string, name: string): Host {
  const inside = (argv: readonly string[]) => [...exec, "exec", "-i", container, ...argv];
  return {
    name,
    local: false,
    run: (argv, options) => host.run(inside(argv), options),
    open: (argv) => host.open(inside(argv)),
    // Nobody looks for an engine of Docker's in there.
    dial: async ({ kind }) => {
      throw Object.assign(new Error(`a ${kind} socket of ${name} cannot be opened from outside`), {
        code: "ENOENT",
      });
    },
  };
}
