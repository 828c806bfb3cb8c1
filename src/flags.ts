/**
 * The flags that mean the same everywhere, once, with their words. A command names those it takes with
 * `pickFlags`. Every repeatable flag is `multipleNonGreedy`, else `--on a host:5000` would swallow the argument;
 * every argument has `ignoreStdin`, else oclif reads a piped standard input as its value.
 */
import { string as argument } from "@oclif/core/args";
import { boolean, integer, option, string } from "@oclif/core/flags";

const progressModes = ["auto", "tty", "plain", "json", "none"] as const;
export type ProgressMode = (typeof progressModes)[number];

const sshModes = ["auto", "openssh", "node"] as const;
export type SshMode = (typeof sshModes)[number];

const flags = {
  json: boolean({
    summary: "Print the result, or the error, as one JSON document on standard output.",
    helpGroup: "global",
  }),
  progress: option({
    options: progressModes,
    default: "auto",
    summary: "How to tell on standard error what happens meanwhile.",
    helpGroup: "global",
  })(),
  verbose: boolean({
    char: "v",
    summary: "Tell every step; with an error, also its causes.",
    helpGroup: "global",
  }),
  yes: boolean({
    char: "y",
    summary: "Answer yes to every question that has a safe answer; never a host key or a restart.",
  }),
  "dry-run": boolean({ summary: "Show the plan and change nothing." }),
  "exit-code": boolean({
    summary: "With --dry-run: exit with 10 when there is something to change.",
    dependsOn: ["dry-run"],
  }),
  print: boolean({ summary: "Print what a person could paste instead of doing it.", exclusive: ["dry-run"] }),
  on: string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "[USER@]HOST[:PORT]",
    summary: "The host to act on, over SSH; may be repeated. @FILE reads one host a line.",
  }),
  "accept-host-key": string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "FINGERPRINT",
    summary: "Trust an SSH server whose key has this fingerprint, SHA256:...; may be repeated.",
  }),
  ssh: option({
    options: sshModes,
    default: "auto",
    summary: "Which SSH client to use: the one built in (node) or the one installed here (openssh).",
  })(),
  platform: string({
    helpValue: "NAME",
    summary: "Take the host for this platform instead of finding out.",
  }),
  timeout: integer({
    min: 1,
    max: 86_400,
    helpValue: "SECONDS",
    summary: "How long to wait for one host or server.",
  }),
  insecure: boolean({
    allowNo: true,
    summary: "Talk to the registry without verifying its certificate, or by plain HTTP.",
  }),
  ca: string({
    helpValue: "FILE",
    summary: "Trust a registry whose certificate is signed by the authority in this PEM file.",
  }),
  username: string({ char: "u", helpValue: "NAME", summary: "The user to log in as." }),
  "password-stdin": boolean({ summary: "Read the password, or a token, from standard input." }),
  context: string({
    helpValue: "NAME",
    summary: "The docker context whose engine is meant; the one that docker uses when left out.",
  }),
  registry: string({
    helpValue: "HOST[:PORT]",
    summary: "The registry for names without one; the default registry when left out.",
  }),
  tunnel: string({
    helpValue: "[USER@]SERVER",
    summary:
      "The registry that listens on this server alone, over SSH: by the tunnel that runs, or one for this call.",
    exclusive: ["registry"],
  }),
  "allow-restart": boolean({ summary: "Allow a restart of the engine that stops running containers." }),
  filter: string({
    helpValue: "PATTERN",
    summary: "Only tags that fit a glob such as '1.*', or a regular expression between slashes.",
  }),
  "all-tags": boolean({ summary: "Every tag of the repository; SRC and DST are names without a tag." }),
  referrers: boolean({ summary: "Signatures, bills of materials and other referrers too." }),
  "src-insecure": boolean({
    allowNo: true,
    summary: "As --insecure, for the source where the destination is another registry.",
  }),
  "src-ca": string({
    helpValue: "FILE",
    summary: "As --ca, for the source where the destination is another registry.",
  }),
  limit: integer({ min: 1, helpValue: "N", summary: "Show so many at most." }),
  write: boolean({ summary: "Also begin an upload there, which is cancelled." }),
  fix: boolean({ summary: "Run the cure, where regctl has a command for it; each is shown and asked." }),
  engine: string({
    helpValue: "NAME",
    summary: "The kind of engine to tell; docker where it is found when left out.",
  }),
  fingerprint: string({
    helpValue: "sha256:DIGITS",
    summary: "Trust the certificate with this SHA-256 fingerprint, and no other.",
  }),
  cert: string({
    helpValue: "FILE",
    summary: "The certificate that the engine shows to the registry, in PEM form.",
  }),
  key: string({ helpValue: "FILE", summary: "The private key of --cert." }),
  system: boolean({ summary: "Also have the operating system trust the authority." }),
  for: string({
    helpValue: "REGISTRY",
    summary: "The registry whose images the mirror has; docker.io when left out.",
  }),
  kind: option({
    options: ["insecure", "trust", "mirror"] as const,
    multiple: true,
    multipleNonGreedy: true,
    summary: "Take back this kind of change alone; may be repeated.",
  })(),
  last: boolean({ summary: "Take back the last change, byte for byte." }),
};

/** The named flags, for `static flags` of a command. */
export function pickFlags<const Name extends keyof typeof flags>(
  ...names: readonly Name[]
): Pick<typeof flags, Name> {
  return Object.fromEntries(names.map((name) => [name, flags[name]])) as Pick<typeof flags, Name>;
}

/** `--tunnel`, and how its server is reached. */
export const tunnelFlags = pickFlags("tunnel", "ssh", "accept-host-key");

/** `--platform` of commands about images; that of `pickFlags` means a host. */
export const imagePlatformFlag = {
  platform: string({
    helpValue: "OS/ARCH[/VARIANT]",
    summary: "The variant of a multi-platform image, such as linux/arm64.",
  }),
};

export const registryArgument = argument({
  name: "REGISTRY",
  required: true,
  ignoreStdin: true,
  description: "Registry as HOST[:PORT], or a network as CIDR.",
});

export const trustedRegistryArgument = argument({
  name: "REGISTRY",
  required: true,
  ignoreStdin: true,
  description: "Registry as HOST[:PORT], spelled as images are.",
});

export const mirrorArgument = argument({
  name: "URL",
  required: true,
  ignoreStdin: true,
  description: "The mirror, as https://HOST[:PORT].",
});

export const optionalRegistryArgument = argument({
  name: "REGISTRY",
  ignoreStdin: true,
  description: "Registry as HOST[:PORT], or a network as CIDR.",
});

export const oneRegistryArgument = argument({
  name: "REGISTRY",
  ignoreStdin: true,
  description: "Registry as HOST[:PORT]; the default registry when left out.",
});

export const imageOrRegistryArgument = argument({
  name: "REGISTRY",
  ignoreStdin: true,
  description: "Registry as HOST[:PORT], or an image there; the default registry when left out.",
});

export const copyArguments = {
  src: argument({
    name: "SRC",
    required: true,
    ignoreStdin: true,
    description: "The image: [HOST[:PORT]/]NAME[:TAG], NAME@DIGEST, or in a file.",
  }),
  dst: argument({
    name: "DST",
    required: true,
    ignoreStdin: true,
    description: "Where it goes, written the same way; without a tag under that of SRC.",
  }),
};
