/** Where the doors to the world are wired. The only importer of `system/`; everything heavy loads when it is used. */
import { closeSync, openSync, statSync } from "node:fs";
import { availableParallelism, hostname, userInfo } from "node:os";
import { addAbortSignal } from "node:stream";
import pjson from "../package.json" with { type: "json" };
import { type MaySave, maySaveSettings } from "./config/may-save.ts";
import type { Context, ContextOptions } from "./doors.ts";
import type { Emit, Environment, Files } from "./ports.ts";
import { createClock } from "./system/clock.ts";
import { createFiles } from "./system/files.ts";
import { createPrompt } from "./system/prompt.ts";

export type { Context, ContextOptions } from "./doors.ts";

const defaultConnectSeconds = 15;

export function createContext(options: ContextOptions): Context {
  const { emit, signal, environment, flags, terminal } = options;
  const { username, uid, homedir: home } = whoRuns(environment);
  const maySave = (): MaySave =>
    maySaveSettings({ euid: process.geteuid?.() ?? uid, environment, homeOwnerUid: ownerOf(home) });
  const files = guardHome(createFiles(), home, maySave, emit);
  const prompt = createPrompt({ ...terminal, environment, signal });
  const passphrases = new Map<string, Promise<string>>();
  const connectTimeoutMs = (flags.timeout ?? defaultConnectSeconds) * 1000;
  const acceptHostKey = flags["accept-host-key"] ?? [];
  const sshWorld = async () => {
    const { spawn } = await import("./system/processes.ts");
    return { spawn, files, prompt, environment, home, user: username, emit, passphrases };
  };
  const connect: Context["connect"] = async (spec, identityFiles = []) => {
    const [{ connectSsh }, world] = await Promise.all([import("./ssh/connect.ts"), sshWorld()]);
    const ssh = { ssh: flags.ssh, acceptHostKey, connectTimeoutMs, identityFiles };
    const connection = connectSsh(spec, ssh, world);
    // Whoever connects asks the engine there next: its library loads while the network is waited for.
    import("./system/http.ts").catch(() => {});
    return await connection;
  };
  const connectAs: Context["connectAs"] = async (spec, how) => {
    const [{ connectSsh }, { tunnelAlive }, world] = await Promise.all([
      import("./ssh/connect.ts"),
      import("./tunnel/kept-connection.ts"),
      sshWorld(),
    ]);
    const { prompt, environment, signal, timeoutMs, ssh = flags.ssh, identityFiles = [], configFile } = how;
    const lasting = { prefer: "openssh" as const, alive: tunnelAlive, signal };
    const options = { ssh, acceptHostKey, connectTimeoutMs: timeoutMs, identityFiles, ...lasting };
    const config = configFile === undefined ? {} : { configFile };
    return await connectSsh(spec, options, { ...world, prompt, environment, ...config });
  };
  return {
    environment,
    home,
    whoami: `${username}@${hostname()}`,
    files,
    prompt,
    choose: prompt.choose,
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
    deflate: async () => (await import("./system/deflate-threads.ts")).createDeflate(availableParallelism()),
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
    readPeer: async () => (await import("./system/tls-peer.ts")).readPeer,
    hostName: hostname(),
    platform: process.platform,
    processor: process.arch,
    makeTemporaryFolder: async () => (await import("./system/temporary-folder.ts")).makeTemporaryFolder(),
    removeFolder: async (path) => (await import("./system/temporary-folder.ts")).removeFolder(path),
    leaveBehind: async (argv) => (await import("./system/leave-behind.ts")).leaveBehind(argv),
    dialTcp: async (address) => (await import("./system/tcp.ts")).dialTcp(address),
    probes: async () => (await import("./system/probe-network.ts")).probes,
    connectTo: async (spec) => connect((await import("./ssh/host-spec.ts")).parseHostSpec(spec)),
    connectTimeoutMs,
    sshTarget: async (spec) => (await import("./ssh/target-lookup.ts")).readTarget(spec, await sshWorld()),
    connectAs,
    listenLocally: async (at, onArrival) =>
      (await import("./system/local-listener.ts")).listenLocally(at, onArrival),
    isPortFree: async (port, host) => (await import("./system/free-port.ts")).isPortFree(port, host),
    portHolder: async (port) => (await import("./system/port-holder.ts")).findPortHolder(port),
    runInFront: async () => (await import("./system/run-in-front.ts")).runInFront,
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
