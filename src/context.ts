/** Where the doors to the world are wired. The only importer of `system/`; everything heavy loads when it is used. */

import { closeSync, openSync, statSync } from "node:fs";
import { availableParallelism, hostname, userInfo } from "node:os";
import { addAbortSignal, type Duplex } from "node:stream";
import pjson from "../package.json" with { type: "json" };
import { type MaySave, maySaveSettings } from "./config/may-save.ts";
import type { OpenHttp } from "./engine/carrier.ts";
import type { SshMode } from "./flags.ts";
import type { Clock, Emit, Environment, Files, Host, Prompt, Question, Spawn } from "./ports.ts";
import type { OpenTransport } from "./registry/http/transport.ts";
import type { ComparePassword } from "./server/auth/passwords.ts";
import type { HoldFolder, StoreFiles } from "./server/disk/files.ts";
import type { StartRegistryServer } from "./server/listener.ts";
import type { MachineNames } from "./server/tls/names.ts";
import type { ControlSockets } from "./service/control.ts";
import type { StartInBackground } from "./service/detach.ts";
import type { LogFile } from "./service/log.ts";
import type { SshConnection } from "./ssh/connection.ts";
import type { HostSpec } from "./ssh/host-spec.ts";
import { createClock } from "./system/clock.ts";
import { createFiles } from "./system/files.ts";
import { createPrompt } from "./system/prompt.ts";
import type { TcpAddress } from "./system/tcp.ts";

export interface ContextOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly environment: Environment;
  readonly flags: ConnectionFlags;
  readonly terminal: Terminal;
}

/** The flags that decide how hosts are reached. */
export interface ConnectionFlags {
  readonly ssh: SshMode;
  readonly "accept-host-key"?: readonly string[] | undefined;
  readonly timeout?: number | undefined;
}

interface Terminal {
  readonly input: () => NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly present: (question: Question) => { readonly above: readonly string[]; readonly message: string };
  readonly aside: <T>(ask: () => Promise<T>) => Promise<T>;
}

/** The world as features see it. */
export interface Context {
  readonly environment: Environment;
  readonly home: string;
  /** `user@machine`, told to hosts so that their journal says who came. */
  readonly whoami: string;
  readonly files: Files;
  readonly prompt: Prompt;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Whether settings may be written: not by root below the home of somebody else. */
  maySave(): MaySave;
  /** What registries are told about who asks. */
  readonly userAgent: string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Standard input as text, up to its end. */
  readonly input: () => Promise<string>;
  /** Loads the HTTP library. */
  http(): Promise<OpenHttp>;
  /** The same, for registries. */
  registryHttp(): Promise<OpenTransport>;
  /** Loads the library that starts programs. */
  spawn(): Promise<Spawn>;
  /** The addresses of a host name; none when it has none. */
  addressesOf(host: string): Promise<readonly string[]>;
  localHost(): Promise<Host>;
  /** How this program is started again, its inspector closed: the first words of a command line. */
  readonly program: readonly string[];
  readonly pid: number;
  /** Processors that this process may use. */
  readonly cores: number;
  /** Of the libraries that Node packs with. */
  readonly libraries: { readonly zlib?: string; readonly zstd?: string };
  readonly isRoot: boolean;
  /** Serves a registry; from then on no signal opens Node's inspector. */
  registryServer(): Promise<StartRegistryServer>;
  /** What a registry's storage is made of. */
  storeFiles(): Promise<StoreFiles>;
  holdFolder(): Promise<HoldFolder>;
  /** Compares passwords in a thread of its own. */
  comparePassword(): Promise<ComparePassword>;
  controlSockets(): Promise<ControlSockets>;
  startInBackground(): Promise<StartInBackground>;
  /** A log of at most this many bytes, and as many again of what came before. */
  openLogFile(path: string, mostBytes: number): Promise<LogFile>;
  machineNames(): Promise<MachineNames>;
  /** Whether there was a terminal that is no more. */
  terminalGone(): boolean;
  dialTcp(address: TcpAddress): Promise<Duplex>;
  /** As `connect`, from `[USER@]HOST[:PORT]`. */
  connectTo(spec: string): Promise<SshConnection>;
  /** A connection that the caller closes. Refused names and keys are RegctlErrors. */
  connect(spec: HostSpec, identityFiles?: readonly string[]): Promise<SshConnection>;
}

const defaultConnectSeconds = 15;

export function createContext(options: ContextOptions): Context {
  const { emit, signal, environment, flags, terminal } = options;
  const { username, uid, homedir: home } = whoRuns(environment);
  const maySave = (): MaySave =>
    maySaveSettings({ euid: process.geteuid?.() ?? uid, environment, homeOwnerUid: ownerOf(home) });
  const files = guardHome(createFiles(), home, maySave, emit);
  const prompt = createPrompt({ ...terminal, environment, signal });
  const passphrases = new Map<string, Promise<string>>();
  const connect: Context["connect"] = async (spec, identityFiles = []) => {
    const [{ connectSsh }, { spawn }] = await Promise.all([
      import("./ssh/connect.ts"),
      import("./system/processes.ts"),
    ]);
    const connectTimeoutMs = (flags.timeout ?? defaultConnectSeconds) * 1000;
    const acceptHostKey = flags["accept-host-key"] ?? [];
    const ssh = { ssh: flags.ssh, acceptHostKey, connectTimeoutMs, identityFiles };
    const world = { spawn, files, prompt, environment, home, user: username, emit, passphrases };
    const connection = connectSsh(spec, ssh, world);
    // Whoever connects asks the engine there next: its library loads while the network is waited for.
    import("./system/http.ts").catch(() => {});
    return await connection;
  };
  return {
    environment,
    home,
    whoami: `${username}@${hostname()}`,
    files,
    prompt,
    clock: createClock(),
    emit,
    signal,
    maySave,
    userAgent: `docker-regctl/${pjson.version}`,
    random: Math.random,
    input: () => readInput(terminal.input(), signal),
    http: async () => (await import("./system/http.ts")).openHttp,
    registryHttp: async () => (await import("./system/registry-http.ts")).openTransport,
    spawn: async () => (await import("./system/processes.ts")).spawn,
    addressesOf: async (host) => (await import("./system/addresses.ts")).lookUpAddresses(host),
    program: [process.execPath, "--disable-sigusr1", process.argv[1] ?? "regctl"],
    pid: process.pid,
    cores: availableParallelism(),
    libraries: process.versions,
    isRoot: process.geteuid?.() === 0,
    registryServer: async () => {
      // Node would open it for whoever may signal this process; a listener of ours keeps it from that.
      process.on("SIGUSR1", () => {});
      return (await import("./system/registry-server.ts")).startRegistryServer;
    },
    storeFiles: async () => (await import("./system/store-files.ts")).createStoreFiles(),
    holdFolder: async () => (await import("./system/folder-hold.ts")).holdFolder,
    comparePassword: async () => (await import("./system/bcrypt.ts")).createComparePassword(),
    controlSockets: async () => (await import("./system/control-socket.ts")).controlSockets,
    startInBackground: async () => (await import("./system/background.ts")).startInBackground,
    openLogFile: async (path, mostBytes) =>
      (await import("./system/log-file.ts")).openLogFile(path, mostBytes),
    machineNames: async () => (await import("./system/addresses.ts")).readMachineNames(),
    terminalGone: () => terminal.output.isTTY && !hasTerminal(),
    localHost: async () => {
      const [{ createLocalHost }, { spawn }] = await Promise.all([
        import("./system/local-host.ts"),
        import("./system/processes.ts"),
      ]);
      return createLocalHost(spawn);
    },
    dialTcp: async (address) => (await import("./system/tcp.ts")).dialTcp(address),
    connectTo: async (spec) => connect((await import("./ssh/host-spec.ts")).parseHostSpec(spec)),
    connect,
  };
}

interface Account {
  readonly username: string;
  readonly uid: number;
  readonly homedir: string;
}

/** Who runs regctl. In a container there may be no account for the uid: then the environment or the number says it. */
function whoRuns(environment: Environment): Account {
  const account = accountOf(process.geteuid?.() ?? -1, environment);
  return { ...account, homedir: environment.HOME || account.homedir };
}

function accountOf(uid: number, environment: Environment): Account {
  try {
    return userInfo();
  } catch {
    return { username: environment.USER || environment.LOGNAME || String(uid), uid, homedir: "/" };
  }
}

async function readInput(input: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of addAbortSignal(signal, input)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** Opening it fails once the terminal of this session has been closed. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

function ownerOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.uid ?? null;
}

/** Under sudo with the home of the person kept, nothing of root's is left there: not even a known host. */
function guardHome(files: Files, home: string, maySave: () => MaySave, emit: Emit): Files {
  const guarded = (path: string): boolean => {
    if (!path.startsWith(`${home}/`)) return false;
    const allowed = maySave();
    if (!allowed.ok) emit({ event: "note", note: `${allowed.why}: ${path} stays as it is` });
    return !allowed.ok;
  };
  return {
    ...files,
    write: async (path, content, options) =>
      guarded(path) ? undefined : files.write(path, content, options),
    append: async (path, content, options) =>
      guarded(path) ? undefined : files.append(path, content, options),
    remove: async (path) => (guarded(path) ? undefined : files.remove(path)),
  };
}
