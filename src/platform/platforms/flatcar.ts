import type { WrittenPlatform } from "../platform.ts";
import { systemdService, unitEvidence, unitSources } from "./systemd.ts";

/**
 * Flatcar and CoreOS: the unit stands below a read-only /usr, and drop-ins set `DOCKER_OPTS` for it. Of several that do,
 * the last counts, so flags go only to where some are.
 * @see https://www.flatcar.org/docs/latest/container-runtimes/customizing-docker/
 */
export const flatcar: WrittenPlatform = {
  kind: "written",
  name: "flatcar",
  title: "Flatcar or CoreOS",
  recognise(facts) {
    const { ID = "" } = facts.osRelease;
    const unit = unitEvidence(facts);
    return unit && ["flatcar", "coreos"].includes(ID) ? [`/etc/os-release says ID=${ID}`, ...unit] : null;
  },
  flagSources: (facts) =>
    unitSources(facts).filter(({ path }) => /^ExecStart=.|DOCKER_OPTS=/m.test(facts.files[path]?.text ?? "")),
  keepsDaemonJson: () => true,
  service: systemdService,
};
