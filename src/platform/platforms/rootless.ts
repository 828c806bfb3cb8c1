import { parseDaemonArguments } from "../daemon-arguments.ts";
import { daemonOf } from "../facts.ts";
import type { WrittenPlatform } from "../platform.ts";
import { bare } from "./bare.ts";

/**
 * An engine that a person runs without root, in namespaces of its own: all that it reads is below their home.
 * @see https://docs.docker.com/engine/security/rootless/tips/
 */
export const rootless: WrittenPlatform = {
  kind: "written",
  name: "rootless",
  title: "rootless Docker",
  recognise(facts) {
    const daemon = daemonOf(facts);
    if (facts.engine?.rootless) return ["the engine says name=rootless"];
    return daemon && daemon.uid !== 0 ? [`dockerd runs as user ${daemon.uid}`] : null;
  },
  // Flags would stand in a unit of that person's; its file is read again on a signal in every version that can do it.
  flagSources: bare.flagSources,
  keepsDaemonJson: bare.keepsDaemonJson,
  // The signal goes to dockerd itself: the main process of its unit is the one that made the namespaces.
  service: (facts) => ({
    ...bare.service(facts),
    log: ["journalctl", "--user", "-u", "docker", "-n", "20", "--no-pager", "-o", "cat"],
  }),
  home(facts) {
    const daemon = daemonOf(facts);
    const folder = `${daemon?.configHome ?? `${facts.home ?? ""}/.config`}/docker`;
    return {
      daemonJson: parseDaemonArguments(daemon?.argv ?? []).configFile ?? `${folder}/daemon.json`,
      certsFolder: `${folder}/certs.d`,
      ofLogin: true,
      uid: daemon?.uid ?? null,
      inVm: false,
    };
  },
};
