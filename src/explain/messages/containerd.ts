/** containerd and what runs on it: the CRI plugin, ctr, nerdctl, k3s. */
import type { MessageRow } from "./row.ts";

const who = "containerd";

export const containerdRows: readonly MessageRow[] = [
  {
    id: "mirrors-and-path",
    says: "`mirrors` cannot be set when `config_path` is provided",
    match: /`(?:mirrors|configs\.tls)` cannot be set when `config_path` is provided/,
    who,
    means: () => ({
      code: "CONFIG_CONFLICT",
      message:
        "config.toml has registry mirrors and config_path; containerd then runs without its CRI part, and no pod starts.",
      remedies: [
        "Take every registry.mirrors and registry.configs out of /etc/containerd/config.toml, and keep config_path",
        "sudo systemctl restart containerd",
      ],
    }),
  },
  {
    id: "hosts-without-host",
    says: "failed to decode hosts.toml: invalid `host` tree",
    match: /invalid `?host`? tree/,
    who,
    means: ({ registry }) => ({
      code: "CONFIG_BROKEN",
      message: "A hosts.toml has no [host] table, and containerd up to 1.7 then throws all of it away.",
      remedies: [
        `Add one: printf '[host."http://${registry}"]\\n' | sudo tee -a /etc/containerd/certs.d/${registry}/hosts.toml`,
      ],
    }),
  },
  {
    id: "hosts-broken",
    says: "failed to decode hosts.toml",
    match: /failed to (?:decode|parse) hosts\.toml(?![^\n]{0,40}invalid `?host)|failed to parse TOML: /,
    who,
    means: ({ registry }) => ({
      code: "CONFIG_BROKEN",
      message: "A hosts.toml is not valid TOML, and containerd goes on as if it were not there.",
      remedies: [
        `cat /etc/containerd/certs.d/${registry}/hosts.toml`,
        "Repair the line that the message names; nothing has to be restarted",
      ],
    }),
  },
  {
    id: "cri-missing",
    says: "unknown service runtime.v1.ImageService",
    match: /unknown service runtime\.v1(?:alpha2)?\.\w{1,30}|CRI v1 (?:image|runtime) API is not implemented/,
    who,
    means: () => ({
      code: "ENGINE_START_FAILED",
      message:
        "containerd runs without its CRI part: it is switched off in config.toml, or its settings are broken.",
      remedies: [
        "grep -n disabled_plugins /etc/containerd/config.toml",
        "sudo journalctl -u containerd -n 50",
        "sudo systemctl restart containerd",
      ],
    }),
  },
  {
    id: "containerd-socket",
    says: 'failed to dial "/run/containerd/containerd.sock"',
    match:
      /(?:failed to dial|cannot access( containerd)? socket) "?(?<socket>\/[\w./-]{1,200})|dial unix (?<socket2>\/\S{0,100}(?:containerd|crio)\S{0,60}\.sock): connect: /,
    who,
    means: ({ part }) => ({
      code: "ENGINE_UNREACHABLE",
      message: `No containerd answers at ${part("socket", part("socket2", "its socket"))}, or this user may not talk to it.`,
      remedies: ["sudo systemctl start containerd", "sudo journalctl -u containerd -n 50"],
    }),
  },
];
