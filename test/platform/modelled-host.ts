/**
 * A host in memory behind the real `Host` and `Engine` ports: files, a journal, a service manager, and an engine that
 * takes its lists as dockerd does (platforms.md §1.2–1.4): a reload reads the keys that are there and keeps what it had
 * for the others, a restart reads everything, a key that is both flag and in the file is fatal.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Duplex } from "node:stream";
import type { Engine } from "../../src/engine/client.ts";
import type { ProbeAnswer } from "../../src/engine/probe.ts";
import { RegctlError } from "../../src/errors.ts";
import type { HostFacts } from "../../src/platform/facts.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import type { FlagSource, WrittenPlatform } from "../../src/platform/platform.ts";
import type { CommandOptions, CommandResult, Host } from "../../src/ports.ts";
import { daemonProcess, engineFacts, hostFacts, hostFile } from "./hosts.ts";

const daemonJsonPath = "/etc/docker/daemon.json";

export interface Recipe {
  readonly platform: WrittenPlatform;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
  readonly facts?: Partial<HostFacts>;
  readonly running?: readonly string[];
  readonly swarm?: boolean;
}

interface EngineState {
  readonly pid: number;
  readonly listed: readonly string[];
  readonly liveRestore: boolean;
  readonly flags: readonly string[];
}

/** When the connection ends: at which command, and whether that command was still carried out. */
export interface Cut {
  readonly at: number;
  readonly carriedOut: boolean;
}

const done = (stdout = ""): CommandResult => ({
  code: 0,
  stdout: Buffer.from(stdout),
  stderr: Buffer.alloc(0),
});
const failed = (code: number, stderr: string): CommandResult => ({
  code,
  stdout: Buffer.alloc(0),
  stderr: Buffer.from(`${stderr}\n`),
});
const digest = (text: string) => createHash("sha256").update(text).digest("hex");

export class ModelledHost {
  readonly recipe: Recipe;
  readonly files: Map<string, string>;
  readonly journal = new Map<string, string>();
  readonly backups = new Map<string, string>();
  /** Commands carried out since the last `connect`, the reads of /proc left out. */
  commands = 0;
  engine: EngineState | null;
  containers: readonly string[];
  locked = false;
  probe: ProbeAnswer = { status: 404, message: "manifest unknown" };
  /** The number of a service command that fails without doing anything, counted from 1. */
  failService: number | null = null;
  #services = 0;
  #pid = 500;
  #cut: Cut | null = null;
  #gone = false;

  constructor(recipe: Recipe) {
    this.recipe = recipe;
    this.files = new Map(Object.entries(recipe.files));
    this.containers = recipe.running ?? [];
    this.engine = this.#start();
    assert.ok(this.engine, "the recipe's engine starts");
  }

  /** A new run of regctl on this host. */
  connect(cut: Cut | null = null): { readonly host: Host; readonly engine: Engine } {
    this.commands = 0;
    this.#cut = cut;
    this.#gone = false;
    this.#services = 0;
    // The shell that holds the lock ends with the connection.
    this.locked = false;
    return { host: this.#host(), engine: this.#engineClient() };
  }

  /** Files that an administrator has, without regctl's own. */
  snapshot(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.files].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get listed(): readonly string[] {
    return [...(this.engine?.listed ?? [])].sort();
  }

  facts(): HostFacts {
    const { engine, recipe } = this;
    const texts: Record<string, string | null> = {
      [daemonJsonPath]: null,
      ...Object.fromEntries(this.files),
    };
    const files = Object.fromEntries(
      Object.entries(texts).map(([path, text]) => [path, hostFile(path, text)]),
    );
    const argv = ["/usr/sbin/dockerd", ...(engine?.flags ?? []).flatMap((e) => ["--insecure-registry", e])];
    return hostFacts({
      ...recipe.facts,
      files: { ...recipe.facts?.files, ...files },
      daemons: engine ? [daemonProcess(argv, { pid: engine.pid, startTicks: String(engine.pid) })] : [],
      pidFile: engine?.pid ?? null,
      journal: Object.fromEntries(this.journal),
      engine: engine
        ? engineFacts({
            version: recipe.version,
            insecure: ["127.0.0.0/8", ...engine.listed],
            liveRestore: engine.liveRestore,
            swarm: recipe.swarm === true,
            running: this.containers,
          })
        : null,
      engineProblem: engine ? null : "connection refused",
    });
  }

  restart(): void {
    if (this.engine?.liveRestore !== true) this.containers = [];
    this.engine = this.#start();
  }

  #flagSources(): readonly FlagSource[] {
    return this.recipe.platform.flagSources(
      hostFacts({ ...this.recipe.facts, files: this.recipe.facts?.files ?? {} }),
    );
  }

  #json(): Readonly<Record<string, unknown>> | null {
    const text = this.files.get(daemonJsonPath)?.replace(/^\uFEFF/, "");
    return text === undefined || text.trim() === "" ? {} : parseObject(text);
  }

  #start(): EngineState | null {
    const json = this.#json();
    const flags = this.#flagSources().flatMap(
      ({ path, format }) => format.read(this.files.get(path) ?? null, insecureRegistries).entries,
    );
    if (json === null || (flags.length > 0 && Object.hasOwn(json, "insecure-registries"))) return null;
    this.#pid += 1;
    const listed = flags.length > 0 ? flags : listOf(json["insecure-registries"]);
    return { pid: this.#pid, flags, listed, liveRestore: json["live-restore"] === true };
  }

  #reload(): void {
    const json = this.#json();
    if (this.engine === null || json === null) return;
    const lists = Object.hasOwn(json, "insecure-registries");
    if (lists && this.engine.flags.length > 0) return;
    this.engine = {
      ...this.engine,
      ...(lists ? { listed: listOf(json["insecure-registries"]) } : {}),
      ...(Object.hasOwn(json, "live-restore") ? { liveRestore: json["live-restore"] === true } : {}),
    };
  }

  #lost(): RegctlError {
    this.#gone = true;
    return new RegctlError("SSH_CONNECTION_LOST", { host: "host", reason: "cut by the test" });
  }

  /** Carries out one command, or what the cut leaves of it. */
  #command<T>(act: () => T): T {
    if (this.#gone) throw this.#lost();
    this.commands += 1;
    const cut = this.#cut?.at === this.commands ? this.#cut : null;
    if (cut?.carriedOut === false) throw this.#lost();
    const result = act();
    if (cut) throw this.#lost();
    return result;
  }

  #host(): Host {
    return {
      name: "host",
      local: false,
      run: async (argv, options) => {
        assert.ok(options?.timeoutMs, `no limit of time: ${argv.join(" ")}`);
        if (argv[0] === "cat") return this.#cat(argv[1] ?? "");
        return this.#command(() => this.#run(argv, options));
      },
      open: async () => this.#command(() => this.#lock()),
      dial: async () => assert.fail("nobody dials here"),
    };
  }

  #cat(path: string): CommandResult {
    if (this.#gone) throw this.#lost();
    const pid = /^\/proc\/(\d+)\/stat$/.exec(path)?.[1];
    if (pid !== undefined) {
      if (Number(pid) !== this.engine?.pid) return failed(1, "no such file");
      return done(`${pid} (dockerd) ${["S", ...Array.from({ length: 18 }, () => "0"), pid].join(" ")} 0\n`);
    }
    const text = this.backups.get(path);
    return text === undefined ? failed(1, "no such file") : done(text);
  }

  #lock(): Duplex {
    assert.equal(this.locked, false, "one run at a time");
    this.locked = true;
    const free = () => {
      this.locked = false;
    };
    const stream: Duplex = new Duplex({
      read: () => {},
      write: (_chunk, _encoding, next) => next(),
      final: (next) => {
        free();
        stream.push(null);
        next();
      },
      destroy: (error, next) => {
        free();
        next(error);
      },
    });
    stream.push("locked\n");
    return stream;
  }

  #run(argv: readonly string[], options?: CommandOptions): CommandResult {
    const [, , , script, ...args] = argv;
    const input = String(options?.input ?? "");
    if (script === "regctl-replace") return this.#replace(args, input);
    if (script === "regctl-remove") return this.#remove(args);
    if (script === "regctl-record") return this.#record(args, input);
    if (script === "regctl-fetch") return done();
    if (script === "regctl-sum") return this.#sum(args);
    if (script === "regctl-activate") return this.#service(args);
    return this.#service(argv);
  }

  #replace([target = "", was, toBe]: readonly string[], input: string): CommandResult {
    assert.ok(this.locked, "files change under the lock only");
    const now = this.files.get(target);
    if ((now === undefined ? "-" : digest(now)) !== was) return failed(91, "");
    assert.equal(digest(input), toBe);
    this.files.set(target, input);
    return done();
  }

  #remove([target = "", was]: readonly string[]): CommandResult {
    assert.ok(this.locked, "files change under the lock only");
    if (digest(this.files.get(target) ?? "") !== was) return failed(91, "");
    this.files.delete(target);
    return done();
  }

  #sum([target = ""]: readonly string[]): CommandResult {
    const text = this.files.get(target);
    return done(text === undefined ? "none\n" : `${digest(text)}  -\n`);
  }

  #record([, id = "", ...pairs]: readonly string[], input: string): CommandResult {
    assert.ok(this.locked, "the journal is written under the lock only");
    for (let index = 0; index < pairs.length; index += 2) {
      const text = this.files.get(pairs[index + 1] ?? "");
      assert.ok(text !== undefined, "what is backed up is there");
      if (!this.backups.has(pairs[index] ?? "")) this.backups.set(pairs[index] ?? "", text);
    }
    this.journal.set(`${id}.json`, input);
    return done();
  }

  #service(argv: readonly string[]): CommandResult {
    const service = this.recipe.platform.service(this.facts());
    const command = argv.join(" ");
    const is = (candidate: readonly string[]) => candidate.join(" ") === command;
    if (is(service.log)) return done("level=info msg=hello\n");
    this.#services += 1;
    if (this.failService === this.#services) return failed(1, "Job for docker.service failed");
    if (/^systemctl (daemon-reload|reset-failed)/.test(command)) return done();
    if ((service.reload && is(service.reload)) || command.includes("kill -HUP")) {
      if (this.engine === null) return failed(1, "no such process");
      this.#reload();
    } else if (service.restart?.some(is)) this.restart();
    else if (service.start?.some(is)) this.engine ??= this.#start();
    else assert.fail(`a command that no service has: ${command}`);
    return done();
  }

  #engineClient(): Engine {
    const answer = <T>(make: (engine: EngineState) => T): T => {
      if (this.#gone) throw this.#lost();
      if (this.engine) return make(this.engine);
      throw new RegctlError("ENGINE_UNREACHABLE", { host: "host", tried: [], reason: "connection refused" });
    };
    return {
      host: "host",
      via: "the model",
      ping: async () => answer(() => ({ apiVersion: "1.41" })),
      apiVersion: async () => "1.41",
      version: async () => assert.fail("nobody asks for it"),
      info: async () => answer((engine) => infoOf(engine, this.recipe.version)),
      containers: async () => answer(() => this.containers.map((id) => ({ id, names: [id], image: "i" }))),
      containerProcess: async () => answer(() => ({ pid: 77, startedAt: "2026-01-01T00:00:00Z" })),
      probeRegistry: async () => answer(() => this.probe),
      lastReload: async () => null,
      close: async () => {},
    };
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function infoOf(engine: EngineState, version: string): Awaited<ReturnType<Engine["info"]>> {
  const networks = engine.listed.filter((entry) => entry.includes("/"));
  return {
    serverVersion: version,
    operatingSystem: "Debian GNU/Linux 12 (bookworm)",
    osType: "linux",
    name: "host",
    rootDir: "/var/lib/docker",
    securityOptions: [],
    liveRestore: engine.liveRestore,
    containersRunning: 0,
    swarmState: "inactive",
    insecureCidrs: ["127.0.0.0/8", ...networks],
    indexes: engine.listed
      .filter((entry) => !networks.includes(entry))
      .map((registry) => ({ registry, secure: false, mirrors: [] })),
    mirrors: [],
    driver: "overlay2",
    driverStatus: [],
    httpProxy: "",
    httpsProxy: "",
    noProxy: "",
    labels: [],
    systemTime: "",
  };
}
