/** The containers tools, about their settings. */
import type { MessageRow } from "./row.ts";

const who = "podman, buildah, skopeo";
const folder = "/etc/containers/registries.conf.d";

export const podmanRows: readonly MessageRow[] = [
  {
    id: "registries-mixed",
    says: "mixing sysregistry v1/v2 is not supported",
    match: /mixing sysregistry v1\/v2 is not supported/,
    who,
    means: () => ({
      code: "CONFIG_BROKEN",
      message:
        "One registries.conf holds the old form ([registries.insecure]) and the new one ([[registry]]); every command fails until one is gone.",
      remedies: [
        "grep -n '^\\[' /etc/containers/registries.conf ~/.config/containers/registries.conf",
        `Keep [[registry]] alone; own files go to ${folder}/`,
      ],
    }),
  },
  {
    id: "registries-old",
    says: "registry must be in v2 format but is in v1",
    match: /(?:configuration "(?<path>[^"\n]{1,200})": )?registry must be in v2 format but is in v1/,
    who,
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `${part("path", "A file of registries.conf.d")} is in the old form ([registries.insecure]), and there only the new one is read.`,
      remedies: ['Write it as: [[registry]] location = "HOST:PORT" insecure = true'],
    }),
  },
  {
    id: "registries-scheme",
    says: "invalid location 'http://HOST:PORT': URI schemes are not supported",
    match: /invalid (?:location|prefix) '(?<location>[^'\n]{1,253})': URI schemes are not supported/,
    who,
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `A location in registries.conf has a scheme (${part("location", "")}); every command fails until it is gone.`,
      remedies: [
        `grep -rn 'location' /etc/containers/registries.conf ${folder}`,
        'Write location = "HOST:PORT" and insecure = true',
      ],
    }),
  },
  {
    id: "registries-broken",
    says: 'loading registries configuration "/etc/containers/registries.conf": toml: line 2: …',
    match: /loading (?:drop-in )?registries configuration "(?<path>[^"\n]{1,200})": /,
    who,
    symptom: true,
    means: ({ part }) => ({
      code: "CONFIG_BROKEN",
      message: `${part("path", "registries.conf")} cannot be read, so every command fails.`,
      remedies: ["Repair the line that the message names, or take the file away for a moment"],
    }),
  },
  {
    id: "short-name",
    says: 'short-name "NAME" did not resolve to an alias and no unqualified-search registries are defined',
    match:
      /short-name "(?<name>[^"\n]{1,253})" did not resolve to an alias|short-name resolution enforced but cannot prompt without a TTY|insufficient registries configured/,
    who,
    means: ({ part }) => ({
      code: "BAD_REFERENCE",
      message: `The name ${part("name", "of the image")} has no registry in front, and none is configured to look in.`,
      remedies: [
        "podman pull HOST:PORT/NAME:TAG",
        'Or in /etc/containers/registries.conf: unqualified-search-registries = ["HOST:PORT"]',
      ],
    }),
  },
  {
    id: "no-policy",
    says: "no policy.json file found",
    match:
      /no policy\.json file found|open \/etc\/containers\/policy\.json: no such file|Source image rejected: |A signature was required, but no signature exists/,
    who,
    means: () => ({
      code: "CONFIG_BROKEN",
      message: "The policy of signatures is missing, or it does not accept this image.",
      remedies: ["cat /etc/containers/policy.json", "sudo apt install golang-github-containers-common"],
    }),
  },
  {
    id: "podman-not-running",
    says: "unable to connect to Podman socket",
    match: /unable to connect to Podman(?: socket)?|Cannot connect to Podman/,
    who,
    means: () => ({
      code: "ENGINE_UNREACHABLE",
      message: "No Podman service answers: its machine is not started, or the socket is not there.",
      remedies: [
        "podman machine start",
        "systemctl --user start podman.socket",
        "podman system connection list",
      ],
    }),
  },
];
