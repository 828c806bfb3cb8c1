/** Engines in a virtual machine of a person's own, which is given that person's files when it starts. */
import type { HostFacts } from "../facts.ts";
import type { WrittenPlatform } from "../platform.ts";
import { editJson, pasteLines } from "./paste-lines.ts";

interface Desktop {
  readonly name: string;
  readonly title: string;
  readonly says: RegExp;
  /** Below the home. */
  readonly daemonJson: string;
  readonly certsFolder: string | null;
  /** Starts the engine anew, and ends when it is there. */
  readonly restart: readonly string[];
}

function desktop({ name, title, says, daemonJson, certsFolder, restart }: Desktop): WrittenPlatform {
  const below = ({ home = "" }: HostFacts, path: string): string => `${home}/${path}`;
  return {
    kind: "written",
    name,
    title,
    recognise({ engine, markers }) {
      // On the Windows side the file is where no shell of ours is.
      if (!says.test(engine?.operatingSystem ?? "") || markers.has("wsl")) return null;
      return [`the engine calls itself ${engine?.operatingSystem}`];
    },
    flagSources: () => [],
    keepsDaemonJson: () => true,
    service: () => ({ reload: null, restart: [restart], start: [restart], log: ["true"] }),
    home: (facts) => ({
      daemonJson: below(facts, daemonJson),
      certsFolder: certsFolder === null ? null : below(facts, certsFolder),
      ofLogin: true,
      uid: null,
      inVm: true,
    }),
    paste: (request) =>
      pasteLines(
        request,
        (action, item) => [editJson(action, item, `~/${daemonJson}`), restart.join(" ")],
        certsFolder === null
          ? { folder: "/etc/docker/certs.d", inside: "its virtual machine" }
          : { folder: `~/${certsFolder}`, after: [restart.join(" ")] },
      ),
  };
}

/**
 * @see https://docs.docker.com/desktop/settings-and-maintenance/settings/#docker-engine
 * @see https://docs.docker.com/desktop/features/desktop-cli/
 */
export const dockerDesktop = desktop({
  name: "docker-desktop",
  title: "Docker Desktop",
  says: /^Docker Desktop/,
  daemonJson: ".docker/daemon.json",
  certsFolder: ".docker/certs.d",
  restart: ["docker", "desktop", "restart"],
});

export const orbstack = desktop({
  name: "orbstack",
  title: "OrbStack",
  says: /^OrbStack/,
  daemonJson: ".orbstack/config/docker.json",
  // What it does with certificates of its own machine is nowhere told.
  certsFolder: null,
  restart: ["orb", "restart", "docker"],
});
