/** How containerd's CRI is made to look for hosts.toml files: a setting that it reads at its start alone. Pure. */
import { RegctlError } from "../../errors.ts";
import { addConfigPath } from "../formats/containerd-config.ts";
import { fileOf } from "../owner.ts";
import type { Consent, FileEdit, Phase } from "../plan.ts";
import { type ContainerdSite, containerdToml } from "./containerd-site.ts";

export const configFormat = "containerd config.toml";

export interface Looking {
  /** Makes CRI look; null where it does, or where nobody asks it. */
  readonly phase: Pick<Phase, "edits" | "activation"> | null;
  readonly notes: readonly string[];
  readonly consents: readonly Consent[];
}

/** CRI, for Kubernetes, looks for hosts.toml files only where its configuration says so; nerdctl always does. */
export function planLooking(look: ContainerdSite): Looking {
  const { config, facts, folder } = look;
  const none = { phase: null, consents: [] };
  if (config === null || !config.hasCri || config.configPath.length > 0) return { ...none, notes: [] };
  const asksCri = facts.markers.has("crictl") || facts.markers.has("kubelet");
  const byHand = `ctr reads it with --hosts-dir ${folder}`;
  if (!asksCri) {
    return {
      ...none,
      notes: [`CRI does not look into ${folder}, and nothing there seems to use CRI; ${byHand}`],
    };
  }
  const { host } = facts;
  const path = containerdToml;
  if (config.isOldWay) {
    const problem = `registry.mirrors or registry.configs stand there: with a config_path beside them CRI does not load, and without it nobody reads ${folder}`;
    throw new RegctlError("CONFIG_CONFLICT", { host, path, problem, remedy: `sudoedit ${path}` });
  }
  const { text, target, mode, uid, gid } = fileOf(facts, path);
  const added = addConfigPath(text, folder, Math.min(config.version, 3));
  if ("cannot" in added) {
    const problem = `CRI does not look into ${folder}, and config_path is not set: ${added.cannot}`;
    throw new RegctlError("CONFIG_CONFLICT", { host, path, problem, remedy: `sudoedit ${path}` });
  }
  if (facts.init !== "systemd") throw cannotRestart(host, path, added.text);
  const change = {
    purpose: "file",
    format: configFormat,
    entry: folder,
    note: { kind: "unchanged" },
  } as const;
  const isNew = text === null;
  const edit: FileEdit = {
    ...{ path, target, before: text, after: added.text, change },
    ...(isNew ? { mode: "644", uid: 0, gid: 0 } : { mode, uid, gid }),
  };
  const { restart, start } = containerdService;
  return {
    phase: { edits: [edit], activation: { kind: "restart", commands: restart, start, stops: 0 } },
    notes: [`containerd is restarted once, so that its CRI looks into ${folder}; what runs goes on running`],
    consents: [
      {
        id: "restart",
        question: `Restart containerd of ${host}? Its containers go on, but nothing can be started or asked meanwhile.`,
        details: [`CRI does not look into ${folder} yet, and reads config_path at its start alone`],
        flag: "--allow-restart",
      },
    ],
  };
}

/** A hang-up ends containerd: it is never sent one. */
export const containerdService = {
  reload: ["true"],
  restart: [["systemctl", "restart", "containerd.service"]],
  start: [
    ["systemctl", "reset-failed", "containerd.service"],
    ["systemctl", "start", "containerd.service"],
  ],
  log: ["journalctl", "-u", "containerd.service", "-n", "20", "--no-pager"],
} as const;

function cannotRestart(host: string, path: string, text: string): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host,
    what: "config_path for CRI",
    why: "it takes a restart of containerd, and no systemd runs there that would do it",
    instead: [
      `write ${path} by hand: ${text.trimEnd().split("\n").slice(-4).join(" ")}`,
      "restart containerd",
    ],
  });
}
