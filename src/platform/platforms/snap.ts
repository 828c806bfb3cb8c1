import { parseDaemonArguments } from "../daemon-arguments.ts";
import { daemonOf, type HostFacts } from "../facts.ts";
import { hangUp } from "../hang-up.ts";
import type { WrittenPlatform } from "../platform.ts";

const current = "/var/snap/docker/current/config/daemon.json";

/** By the name that outlives a refresh, which copies the folder of one revision to the next. */
function daemonJson(facts: HostFacts): string {
  const named = parseDaemonArguments(daemonOf(facts)?.argv ?? []).configFile;
  return named === undefined || facts.files[current]?.target === named ? current : named;
}

/**
 * The snap sees a root of its own, and /var/snap as it is.
 * @see https://github.com/canonical/docker-snap#readme
 */
export const snap: WrittenPlatform = {
  kind: "written",
  name: "snap",
  title: "the docker snap",
  recognise(facts) {
    const places = [facts.engine?.rootDir, daemonOf(facts)?.executable];
    return places.some((path) => /^\/(var\/)?snap\//.test(path ?? ""))
      ? ["the engine lives below /snap"]
      : null;
  },
  flagSources: () => [],
  keepsDaemonJson: () => true,
  service: (facts) => ({
    reload: hangUp(facts),
    restart: [["snap", "restart", "docker.dockerd"]],
    start: [["snap", "start", "docker.dockerd"]],
    log: ["snap", "logs", "-n=20", "docker.dockerd"],
  }),
  home: (facts) => ({
    daemonJson: daemonJson(facts),
    certsFolder: "/var/snap/docker/common/etc/certs.d",
    ofLogin: false,
    uid: null,
    inVm: false,
  }),
};
