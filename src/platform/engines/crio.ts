/**
 * CRI-O, which reads what Podman reads, for everybody, and reads registries.conf again when it is reloaded. Certificates
 * it reads with each request. Nothing asks it without Kubernetes, so crictl has to be there for its own proof.
 * @see https://github.com/cri-o/cri-o/blob/main/docs/crio.8.md
 */
import { RegctlError } from "../../errors.ts";
import { probeByCommand } from "./asked-by-command.ts";
import { containersEngine } from "./containers-engine.ts";
import type { EngineKind, EngineSite } from "./engine-kind.ts";

const unit = "crio.service";

/** Its unit sends the hang-up on which it reads registries.conf again. */
const reload = ["systemctl", "reload", unit] as const;

const probeScript = `
command -v crictl >/dev/null || { echo "CRI-O can be asked by crictl alone, and that is not there" >&2; exit 1; }
exec crictl --runtime-endpoint unix:///var/run/crio/crio.sock pull "$1"
`;

export const crio: EngineKind = containersEngine({
  name: "crio",
  title: "CRI-O",
  find: ({ markers }) => (markers.has("crio") ? ["crio is there"] : null),
  programs: ["crio"],
  systemOnly: true,
  activation: { kind: "reload", command: reload },
  check: assertSystemd,
  service: () => ({
    reload,
    restart: null,
    start: null,
    log: ["journalctl", "-u", unit, "-n", "20", "--no-pager"],
  }),
  inForce: async (site) => {
    await assertRuns(site);
    return null;
  },
  probe: (actor, reference, timeoutMs) =>
    probeByCommand(actor, ["sh", "-c", probeScript, "regctl-probe", reference], timeoutMs),
});

/** @throws RegctlError ENGINE_UNREACHABLE */
async function assertRuns(site: EngineSite): Promise<void> {
  const actor = site.root ?? site.host;
  const { code, stdout } = await actor.run(["systemctl", "is-active", unit], { timeoutMs: 30_000 });
  if (code === 0) return;
  const reason = `${unit} is ${stdout.toString("utf8").trim() || "not there"}`;
  throw new RegctlError("ENGINE_UNREACHABLE", { host: site.facts.host, tried: [unit], reason });
}

/** @throws RegctlError ENGINE_CANNOT */
function assertSystemd({ facts }: EngineSite): void {
  if (facts.init === "systemd") return;
  throw new RegctlError("ENGINE_CANNOT", {
    host: facts.host,
    what: "a change to its registries",
    why: "it has to be told to read them again, and no systemd runs there that would do it",
    instead: ["write a file into /etc/containers/registries.conf.d by hand, and send crio a SIGHUP"],
  });
}
