/**
 * Where a documented line is carried out: a home of its own, a registry, an engine that has images and takes them, an
 * SSH server with a registry behind it, and a `regctl` on the PATH. A shell reads the line as a person's would.
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { hash } from "bcryptjs";
import { engine2010 } from "../engine/scripts.ts";
import { startModelEngine } from "../pull/model-engine.ts";
import { makeImage, makeIndex } from "../support/image-maker.ts";
import { type OwnRegistry, startOwnRegistry } from "../support/own-registry.ts";
import { openPublishWorld, type ScriptedImage } from "../support/publish-world.ts";
import { pushTree } from "../support/registry-content.ts";
import { repository } from "../support/run-cli.ts";
import { makeSavedTar, makeUnpacked } from "../support/saved-tar.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";
import { createTempHome } from "../support/temp-home.ts";

export interface LineRun {
  readonly code: number | null;
  /** Of both streams. */
  readonly output: string;
}

export interface Sandbox extends AsyncDisposable {
  /** The line as it is typed here: the names of documents replaced by those of the sandbox. */
  translate(line: string): string;
  /** With `until`: when that is printed, Ctrl-C. */
  run(line: string, until?: RegExp): Promise<LineRun>;
}

const made = makeUnpacked([20_000, 30_000]);
const saved: ScriptedImage = {
  id: made.id,
  names: ["app:1.0", "app:latest", "team/app:1.0"],
  diffIds: made.diffIds,
  size: 50_000,
  tar: makeSavedTar("docker-28", made),
};

const image = makeIndex([makeImage(), makeImage({ platform: "linux/arm64", seed: "arm" })]);
const repositories: Readonly<Record<string, readonly string[]>> = {
  app: ["1.0", "1.2", "1.3", "latest", "pr-7"],
  "team/app": ["1.0", "1.3", "1.3.2", "latest", "pr-7"],
  "library/alpine": ["3.20"],
};

async function startFilledRegistry(): Promise<OwnRegistry> {
  const registry = await startOwnRegistry();
  for (const [name, tags] of Object.entries(repositories)) await pushTree(registry.host, name, tags, image);
  return registry;
}

/** An engine that hands out images where the line publishes, else one that takes them. */
async function startEngine(line: string) {
  if (/regctl (publish|images)/.test(line)) {
    const world = await openPublishWorld({ images: [saved] });
    return { socket: world.engine.socketPath, close: () => world[Symbol.asyncDispose]() };
  }
  const engine = await startModelEngine(engine2010);
  // Made to ask the registry for what it does not have, it says so: it gets there.
  if (/regctl doctor/.test(line)) engine.probe = [404, "manifest unknown: manifest unknown"];
  return { socket: engine.scripted.socketPath, close: () => engine[Symbol.asyncDispose]() };
}

/** ssh looks for its files in the home of the account, whatever HOME says. */
const programs = (home: string): Readonly<Record<string, string>> => ({
  regctl: `exec ${process.execPath} ${repository}/bin/run.js "$@"`,
  npx: '[ "$1" = regctl ] || [ "$1" = docker-regctl ] || exit 99\nshift\nexec regctl "$@"',
  npm: 'while [ "$1" != -- ]; do shift; done\nshift\nexec regctl "$@"',
  jq: "exec cat",
  docker: `[ "$1" != regctl ] || exec regctl "$@"
echo "Error response from daemon: Get https://registry.example:5000/v2/: http: server gave HTTP response to HTTPS client"`,
  ssh: `exec /usr/bin/ssh -F ${home}/.ssh/config "$@"`,
});

/** Every name of a server in the documents is the SSH server of the sandbox. */
const sshConfig = (home: string, port: number) => `Host server server.example web1 web2 build1
  HostName 127.0.0.1
  Port ${port}
Host *
  UserKnownHostsFile ${home}/.ssh/known_hosts
  GlobalKnownHostsFile none
  IdentityAgent none
  IdentityFile ${home}/.ssh/id
`;

async function fillHome(home: string, port: number, knownHosts: string, key: string): Promise<void> {
  await mkdir(`${home}/.ssh`, { mode: 0o700 });
  await mkdir(`${home}/bin`);
  for (const [name, text] of Object.entries(programs(home))) {
    await writeFile(`${home}/bin/${name}`, `#!/bin/sh\n${text}\n`);
    await chmod(`${home}/bin/${name}`, 0o755);
  }
  await writeFile(`${home}/.ssh/known_hosts`, knownHosts);
  await writeFile(`${home}/.ssh/id`, key, { mode: 0o600 });
  await writeFile(`${home}/.ssh/config`, sshConfig(home, port), { mode: 0o600 });
  await writeFile(`${home}/hosts.txt`, "admin@web1\n");
  await writeFile(`${home}/token.txt`, "a token\n");
  await writeFile(`${home}/users`, `ann:${await hash("a password", 4)}\n`);
  await writeFile(`${home}/saved.tar`, saved.tar);
}

export async function openSandbox(line: string): Promise<Sandbox> {
  const key = makeKey();
  const [home, registry, other, engine, server] = await Promise.all([
    createTempHome(),
    startFilledRegistry(),
    startOwnRegistry(),
    startEngine(line),
    startSshServer({ publicKeys: [key.public] }),
  ]);
  await fillHome(home.path, server.port, server.knownHosts, key.private);
  const env = {
    HOME: home.path,
    PATH: `${home.path}/bin:/usr/bin:/bin`,
    LANG: process.env.LANG ?? "C.UTF-8",
    SHELL: "/bin/bash",
    USER: "ann",
    XDG_RUNTIME_DIR: home.path,
    DOCKER_HOST: `unix://${engine.socket}`,
    NODE_COMPILE_CACHE: `${repository}/node_modules/.cache/regctl`,
    REGCTL_REGISTRY: registry.host,
  };
  let detached = false;
  const translate = (text: string) => translateNames(text, { registry: registry.host, other: other.host });
  return {
    translate,
    run: (text, until) => {
      detached ||= /--detach\b| -d\b|\binit\b/.test(text);
      return runLine(text, { env, cwd: home.path, until: until ?? null });
    },
    [Symbol.asyncDispose]: async () => {
      if (detached) await stopAll({ env, cwd: home.path, until: null });
      await Promise.all([server.close(), engine.close()]);
      for (const one of [registry, other, home]) await one[Symbol.asyncDispose]();
    },
  };
}

/** Longer names first. */
function translateNames(line: string, at: { readonly registry: string; readonly other: string }): string {
  const names: readonly (readonly [name: RegExp, here: string])[] = [
    [/\b(registry\.example|10\.0\.0\.5):5000\b/g, at.registry],
    [/\blocalhost:5001\b/g, at.registry],
    [/(?<!--listen )\b127\.0\.0\.1:5000\b/g, at.registry],
    [/\bserver:2222\b/g, "server"],
    [/\b8080(?=:localhost)/g, "0"],
    [/\b0\.0\.0\.0:5000\b/g, "127.0.0.1:0"],
    [/\/srv\/registry\b/g, "srv/registry"],
    [/(?<=publish (docker-archive:|\.\/)?)(app|image)\.tar\b/g, "saved.tar"],
    [/\b(docker\.io|old\.example)(?=\/)/g, at.registry],
    [/\bnew\.example(?=\/)/g, at.other],
    [/\bregistry\.example\b(?!:)/g, at.registry],
    [/\b3f2a9c\b/g, made.id.slice("sha256:".length, 20)],
    [/(?<=regctl serve)(?=( -|$))(?!.*--listen)/g, " --listen 127.0.0.1:0"],
  ];
  return names.reduce((text, [name, here]) => text.replace(name, here), line);
}

interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly until: RegExp | null;
}

const longestMs = 60_000;

/** Of what a line has left in the background; there may be nothing. */
async function stopAll(options: RunOptions): Promise<void> {
  await runLine("regctl serve stop --all; regctl tunnel stop --all", options);
}

async function runLine(line: string, { env, cwd, until }: RunOptions): Promise<LineRun> {
  // The shell lets Ctrl-C pass, and tells how the program ended.
  const trap = until === null ? "" : "trap : INT; ";
  // A group of its own: Ctrl-C reaches all that a terminal would reach.
  const child = spawn("sh", ["-c", `${trap}${line}`], {
    env,
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, name);
  };
  const timer = setTimeout(() => signal("SIGKILL"), longestMs);
  let output = "";
  let interrupted = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
      if (interrupted || until === null || !until.test(output)) return;
      interrupted = true;
      signal("SIGINT");
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  if (until !== null && !interrupted) throw new Error(`${line}: never came to ${until}: ${output}`);
  return { code, output };
}
