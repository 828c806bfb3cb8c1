/** The rules that test/repo-health.test.ts holds the repository to. Extend a list on purpose, with a line of why. */

export interface Zone {
  /** A folder that ends in `/`, or single files. */
  readonly files: readonly string[];
  /** Zones that may be imported. */
  readonly may: readonly string[];
  /** Zones whose types alone may be imported. */
  readonly mayType?: readonly string[];
  readonly why: string;
}

export const zones: Readonly<Record<string, Zone>> = {
  contract: {
    files: ["src/command-words.ts", "src/errors.ts", "src/exit-codes.ts", "src/ports.ts"],
    may: [],
    why: "what everybody knows knows nobody",
  },
  streams: {
    files: ["src/child.ts", "src/intake.ts", "src/joined-stream.ts"],
    may: ["contract"],
    why: "streams made of streams, shared by ssh and system",
  },
  addresses: {
    files: ["src/ip-network.ts"],
    may: [],
    why: "arithmetic of addresses, for the engine's list of registries and for NO_PROXY",
  },
  waiting: {
    files: ["src/interruptible.ts"],
    may: [],
    why: "waiting that an abort ends, for features and adapters alike",
  },
  flags: { files: ["src/flags.ts"], may: [], why: "the flag dictionary" },
  base: {
    files: ["src/base-command.ts"],
    may: ["flags", "contract", "context", "report", "tunnel"],
    why: "parses, opens the context and the tunnel of --tunnel, tells progress",
  },
  shell: {
    files: [
      "src/main.ts",
      "src/answer.ts",
      "src/complete-line.ts",
      "src/completion-words.ts",
      "src/invocation.ts",
      "src/quiet-context.ts",
      "src/oclif.ts",
      "src/route.ts",
      "src/command-table.ts",
    ],
    may: [
      "base",
      "commands",
      "completion",
      "context",
      "overview",
      "contract",
      "explain",
      "flags",
      "quoting",
      "report",
    ],
    why: "from the process to a command and back; the table loads the commands",
  },
  context: {
    files: ["src/context.ts", "src/doors.ts"],
    may: ["config", "contract", "engine", "ssh", "streams", "system", "tunnel"],
    mayType: ["doctor", "flags", "platform", "registry", "server", "service", "transfer"],
    why: "the only place where system/ is wired",
  },
  commands: {
    files: ["src/commands/", "src/serve-flags.ts", "src/setup-flags.ts"],
    may: [
      "access",
      "base",
      "browse",
      "completion",
      "config",
      "contract",
      "doctor",
      "engine",
      "flags",
      "init",
      "platform",
      "plugin",
      "publish",
      "pull",
      "quickstart",
      "report",
      "server",
      "service",
      "ssh",
      "transfer",
      "tunnel",
    ],
    mayType: ["context"],
    why: "flags, one call, the outcome and its renderer",
  },
  config: {
    files: ["src/config/"],
    may: ["contract"],
    mayType: ["context"],
    why: "settings, state and locks",
  },
  quoting: {
    files: ["src/explain/quote.ts"],
    may: [],
    why: "command lines for shells and for people: the same function for what is run and what is shown",
  },
  explain: { files: ["src/explain/"], may: ["contract", "quoting"], why: "the words of errors" },
  engine: { files: ["src/engine/"], may: ["contract", "streams"], why: "the engine's API over a stream" },
  registry: {
    files: ["src/registry/"],
    may: ["addresses", "config", "contract", "streams"],
    why: "the vocabulary of registries, and the client that speaks it; credential helpers are programs",
  },
  access: {
    files: ["src/access/"],
    may: ["addresses", "config", "contract", "engine", "quoting", "registry", "service"],
    mayType: ["context"],
    why: "which registry is meant (a tunnel's too), how it is reached and who we are there",
  },
  browse: {
    files: ["src/browse/"],
    may: ["access", "config", "contract", "explain", "quoting", "registry", "waiting"],
    mayType: ["context"],
    why: "what a registry holds: looked at, found, deleted; puts an error into words inside an item",
  },
  layout: {
    files: ["src/layout/"],
    may: ["config", "contract", "registry"],
    why: "images in files, by the vocabulary of registries; a layout's index is changed under a lock",
  },
  transfer: {
    files: ["src/transfer/"],
    may: ["access", "config", "contract", "explain", "layout", "registry", "waiting"],
    mayType: ["context"],
    why: "moves images between registries and files; puts an error into words inside an item",
  },
  publish: {
    files: ["src/publish/"],
    may: [
      "access",
      "config",
      "contract",
      "engine",
      "explain",
      "layout",
      "quoting",
      "registry",
      "transfer",
      "waiting",
    ],
    mayType: ["context"],
    why: "images of engines and files into registries; which of the engine's images are there already",
  },
  pull: {
    files: ["src/pull/"],
    may: ["access", "config", "contract", "engine", "explain", "layout", "registry", "transfer"],
    mayType: ["context"],
    why: "images of registries into engines and files; puts an error into words inside an item",
  },
  server: {
    files: ["src/server/"],
    may: ["addresses", "config", "contract", "registry", "service", "waiting"],
    mayType: ["context"],
    why: "the embedded registry: speaks the vocabulary of registries, knows no socket, runs as a service",
  },
  service: {
    files: ["src/service/"],
    may: ["config", "contract", "quoting", "waiting"],
    mayType: ["context"],
    why: "long runs in the background: started, found, stopped; shared by serve and tunnel",
  },
  ssh: {
    files: ["src/ssh/"],
    may: ["contract", "quoting", "streams"],
    why: "one SSH connection behind one port",
  },
  platform: {
    files: ["src/platform/"],
    may: ["addresses", "config", "contract", "engine", "explain", "quoting", "ssh", "waiting"],
    mayType: ["context"],
    why: "changes hosts over ssh, proves it at their engine, and puts an error into words inside an item",
  },
  tunnel: {
    files: ["src/tunnel/"],
    may: [
      "access",
      "config",
      "contract",
      "engine",
      "explain",
      "quoting",
      "registry",
      "service",
      "ssh",
      "streams",
      "waiting",
    ],
    mayType: ["context"],
    why: "forwards over ssh to a registry that is asked through them, running as a service",
  },
  doctor: {
    files: ["src/doctor/"],
    may: [
      "access",
      "addresses",
      "config",
      "contract",
      "engine",
      "explain",
      "platform",
      "quoting",
      "registry",
      "service",
      "tunnel",
      "waiting",
    ],
    mayType: ["context"],
    why: "looks along the whole way to a registry, judges it, and runs the cures that other rooms have",
  },
  completion: {
    files: ["src/completion/"],
    may: ["access", "config", "contract", "engine", "registry", "tunnel"],
    mayType: ["context"],
    why: "words for the tab key: of the manifest, and names from wherever they are known",
  },
  quickstart: {
    files: ["src/quickstart/"],
    may: ["browse", "contract", "engine", "layout", "quoting", "registry", "streams"],
    mayType: ["context"],
    why: "a first walk: runs the other commands as programs",
  },
  init: {
    files: ["src/init/"],
    may: [
      "access",
      "config",
      "contract",
      "engine",
      "explain",
      "platform",
      "quoting",
      "registry",
      "server",
      "ssh",
      "tunnel",
    ],
    mayType: ["context"],
    why: "asks what a person has, and composes what use, login, setup, tunnel and serve do",
  },
  overview: {
    files: ["src/overview/"],
    may: ["access", "config", "contract", "engine", "service", "waiting"],
    mayType: ["context"],
    why: "one look at what this host has to do with registries",
  },
  plugin: {
    files: ["src/plugin/"],
    may: ["config", "contract", "quoting"],
    mayType: ["context"],
    why: "regctl as a plugin of the docker CLI",
  },
  report: {
    files: ["src/report/"],
    may: ["explain", "quoting"],
    mayType: [
      "access",
      "browse",
      "completion",
      "config",
      "contract",
      "doctor",
      "engine",
      "flags",
      "init",
      "overview",
      "platform",
      "plugin",
      "publish",
      "pull",
      "quickstart",
      "registry",
      "server",
      "service",
      "transfer",
      "tunnel",
    ],
    why: "outcomes as lines: needs only their shapes, and the quoting of command lines",
  },
  system: {
    files: ["src/system/"],
    may: ["contract", "quoting", "streams", "waiting"],
    mayType: ["doctor", "engine", "platform", "registry", "server", "service", "ssh", "transfer", "tunnel"],
    why: "adapters behind ports that their users own",
  },
};

/** Packages that touch the world, each with the one file that may import them. Types may go where they like. */
export const effectPackages: Readonly<Record<string, string>> = {
  "@inquirer/prompts": "src/system/prompt.ts",
  chalk: "src/report/style.ts",
  execa: "src/system/processes.ts",
  "node-ssh": "src/ssh/node/library.ts",
  "ssh-config": "src/ssh/target-lookup.ts",
  ssh2: "src/ssh/node/library.ts",
  tar: "src/layout/tar-format.ts",
  undici: "src/system/undici.ts",
};

/** Files may import these Node modules, whatever they do otherwise. */
export const pureNodeModules = [
  "node:assert",
  "node:buffer",
  "node:crypto",
  "node:events",
  "node:path",
  "node:stream",
  "node:stream/consumers",
  "node:stream/promises",
  "node:url",
  "node:util",
  // Computes, and touches nothing.
  "node:zlib",
];

/** Where a Node module that reaches the world may be imported, and why there. */
export const effectPlaces: Readonly<Record<string, string>> = {
  "src/system/": "adapters",
  "src/context.ts": "learns once who runs this and where their home is, before any adapter stands",
  "src/ssh/openssh/": "the system's ssh is steered by sockets and files of its own",
  "src/ssh/socket.ts": "our own TCP socket without delay",
  "src/layout/": "a layout is files that are read and written in parts: a port would say node:fs again",
  "src/transfer/resume-state.ts":
    "an upload is claimed by renaming its file, which the port for files does not offer",
  "src/pull/spool.ts":
    "a layer is read from its file while it grows, which the port for files does not offer",
  "src/config/lock.ts": "a lock is a file made exclusively, which the port for files does not offer",
};

export const mostLines = 250;
/** Tables of cases are long and still easy to read. */
export const mostTestLines = 400;

/** Longer files, and why they are not cut. */
export const longFiles: Readonly<Record<string, string>> = {};
