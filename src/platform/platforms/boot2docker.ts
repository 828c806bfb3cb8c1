import { boot2dockerProfile } from "../formats/boot2docker-profile.ts";
import { hangUp } from "../hang-up.ts";
import { defaultDaemonJson, type WrittenPlatform } from "../platform.ts";
import { startedByInitScript } from "./sysvinit.ts";

export const boot2docker: WrittenPlatform = {
  kind: "written",
  name: "boot2docker",
  title: "boot2docker",
  recognise(facts) {
    if (!startedByInitScript(facts)) return null;
    if (facts.osRelease.ID === "boot2docker") return ["/etc/os-release says ID=boot2docker"];
    return facts.engine?.operatingSystem.startsWith("Boot2Docker")
      ? [`the engine calls itself ${facts.engine.operatingSystem}`]
      : null;
  },
  flagSources: () => [{ path: "/var/lib/boot2docker/profile", format: boot2dockerProfile }],
  // Only /var/lib/boot2docker and /var/lib/docker outlive a reboot; /etc/docker leads there since 1.10.
  keepsDaemonJson: (facts) =>
    facts.files[defaultDaemonJson]?.target.startsWith("/var/lib/boot2docker/") === true,
  service: (facts) => ({
    reload: hangUp(facts),
    restart: [["/etc/init.d/docker", "restart"]],
    start: [["/etc/init.d/docker", "start"]],
    log: [
      "sh",
      "-c",
      "tail -n 20 /var/lib/boot2docker/log/docker.log 2>/dev/null || tail -n 20 /var/lib/boot2docker/docker.log",
    ],
  }),
};
