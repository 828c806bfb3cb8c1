import { daemonOf } from "../facts.ts";
import { hangUp } from "../hang-up.ts";
import type { WrittenPlatform } from "../platform.ts";

/** A daemon that somebody started by hand: its own files, and nobody who would start it again. */
export const bare: WrittenPlatform = {
  kind: "written",
  name: "dockerd",
  title: "a dockerd that no service manager runs",
  recognise(facts) {
    const daemon = daemonOf(facts);
    if (daemon?.uid !== 0) return null;
    return [`dockerd (pid ${daemon.pid}) answers on ${facts.socket} and no service manager claims it`];
  },
  flagSources: () => [],
  keepsDaemonJson: () => true,
  service: (facts) => ({
    reload: hangUp(facts),
    restart: null,
    start: null,
    log: ["true"],
  }),
};
