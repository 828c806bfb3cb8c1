/** The engine's settings and its service. */
import type { MessageRow } from "./row.ts";

const journal = "sudo journalctl -u docker -n 50";
const edit = "sudoedit /etc/docker/daemon.json";
const who = "docker";

export const daemonRows: readonly MessageRow[] = [
  {
    id: "flag-and-file",
    says: "the following directives are specified both as a flag and in the configuration file",
    match: /specified both as a flag and in the configuration file(?:: (?<key>[\w-]{1,60}):)?/,
    who,
    means: ({ part }) => ({
      code: "CONFIG_CONFLICT",
      message: `The engine takes ${part("key", "a setting")} either from its flags or from daemon.json, never from both, not even when they are equal.`,
      remedies: [
        "regctl setup status",
        "Take it out of one: systemctl cat docker; cat /etc/docker/daemon.json",
      ],
    }),
  },
  {
    id: "unknown-option",
    says: "the following directives don't match any configuration option: KEY",
    match: /directives don't match any configuration option(?:: (?<key>[^\s,]{1,60}))?/,
    who,
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `daemon.json has a key that this engine does not know (${part("key", "named in the message")}): mistyped, or too new for it.`,
      remedies: [edit, "regctl setup status"],
    }),
  },
  {
    id: "not-a-list",
    says: "cannot unmarshal string into Go struct field Config.insecure-registries of type []string",
    match: /cannot unmarshal \w{1,20} into Go (?:struct field \w{1,30}\.(?<key>[\w-]{1,60})|value)/,
    who,
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `${part("key", "A key")} in daemon.json has a value of the wrong type; insecure-registries and registry-mirrors take lists.`,
      remedies: [edit, 'As a list: "insecure-registries": ["HOST:PORT"]'],
    }),
  },
  {
    id: "bad-entry",
    says: 'insecure registry HOST:PORT/PATH is not valid: invalid host "HOST"',
    match:
      /insecure registry (?<entry>\S{0,253}) is not valid|insecure registry (?<entry2>\S{0,253}) should not contain|invalid index name \((?<entry3>[^)\n]{0,253})\)/,
    who,
    means: ({ part }) => ({
      code: "BAD_REGISTRY",
      message: `The engine does not accept "${part("entry", part("entry2", part("entry3", "")))}" in insecure-registries: it takes HOST, HOST:PORT or a network.`,
      remedies: ["Write the entry without scheme and path: regctl setup insecure HOST:PORT", edit],
    }),
  },
  {
    id: "bad-mirror",
    says: 'invalid mirror: unsupported scheme "ftp" in "ftp://HOST"',
    match: /invalid mirror: (?<why>[^\n]{0,150})/,
    who,
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `The engine does not accept a mirror: ${part("why", "").replace(/[.:]?$/, "")}. It takes http:// or https:// with a host, and no credentials.`,
      remedies: [`Correct registry-mirrors: ${edit}`, "regctl setup mirror https://HOST"],
    }),
  },
  {
    id: "pid-file",
    says: "pid file found, ensure docker is not running or delete /var/run/docker.pid",
    match:
      /ensure docker is not running or delete (?<path>\/[\w./-]{1,200})|process with PID \d{1,9} is still running/,
    who,
    means: ({ part }) => ({
      code: "ENGINE_START_FAILED",
      message: "Another engine runs here, or one died and a different process now has its number.",
      remedies: [
        `See which process it is before deleting the file: ps -p $(cat ${part("path", "/var/run/docker.pid")})`,
      ],
    }),
  },
  {
    id: "broken-json",
    says: "unable to configure the Docker daemon with file /etc/docker/daemon.json: invalid character '}' …",
    match:
      /unable to configure the Docker daemon with file (?<path>\/[\w./-]{1,200}): (?:invalid JSON: )?(?:invalid character|EOF|unexpected E|unexpected end)|invalid character '[^\n]{1,4}' (?:looking for beginning of object key|after object key|after array element|in string literal|in literal)|unexpected end of JSON input/,
    who,
    means: ({ part }) => {
      const path = part("path", "/etc/docker/daemon.json");
      return {
        code: "CONFIG_BROKEN",
        message: `${path} is not valid JSON, or is empty: no comments, and no comma at an end.`,
        remedies: [`python3 -m json.tool ${path}`, `sudoedit ${path}`, "regctl setup status"],
      };
    },
  },
  {
    id: "start-limit",
    says: "docker.service: Start request repeated too quickly.",
    match: /start request repeated too quickly|start-limit-hit/i,
    who,
    means: () => ({
      code: "ENGINE_START_FAILED",
      message:
        "The engine failed to start several times in a row, and systemd gave up; why stands further up in its log.",
      remedies: [journal, "sudo systemctl reset-failed docker && sudo systemctl start docker"],
    }),
  },
  {
    id: "no-reload",
    says: "Job type reload is not applicable for unit docker.service.",
    match: /Job type reload is not applicable for unit (?:docker|containerd|snap\.docker)/,
    who,
    means: () => ({
      code: "ENGINE_RELOAD_MISSING",
      message: "The service of this engine has no reload.",
      remedies: ["sudo kill -HUP $(cat /var/run/docker.pid)"],
    }),
  },
  {
    id: "service-failed",
    says: "Job for docker.service failed because the control process exited with error code.",
    match:
      /Job for (?:docker|containerd)\.service failed|(?:docker|containerd)\.service: Failed with result|Failed to start Docker/i,
    who,
    symptom: true,
    means: () => ({
      code: "ENGINE_START_FAILED",
      message: "The engine does not start; why stands in its log.",
      remedies: [journal, "regctl setup status"],
    }),
  },
  {
    id: "service-unknown",
    says: "Unit docker.service could not be found.",
    match:
      /Unit docker\.service (?:could not be found|not found)|Failed to (?:re)?(?:start|load) docker\.service: Unit/,
    who,
    means: () => ({
      code: "PLATFORM_UNKNOWN",
      message: "No engine is installed as a service of this name: snap, rootless and Desktop have others.",
      remedies: [
        "regctl setup status",
        "systemctl --user status docker; snap services docker; docker context ls",
      ],
    }),
  },
];
