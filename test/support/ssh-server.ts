/** An SSH server in this process: runs commands as we are, forwards both ways, and can be told to misbehave. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import type { AuthContext, Connection, ServerChannel, Session } from "ssh2";
import ssh2 from "ssh2";
import { fingerprintOf } from "../../src/ssh/known-hosts.ts";

type KeyKind = "ed25519" | "rsa" | "ecdsa";

export interface SshServerOptions {
  readonly hostKeys?: readonly KeyKind[];
  /** In place of new ones: those of another server that this one replaces. */
  readonly keys?: readonly KeyPair[];
  /** Users' public keys, as one line each. */
  readonly publicKeys?: readonly string[];
  readonly password?: string;
  /** Offers keyboard-interactive with this question and answer. */
  readonly keyboard?: { readonly prompt: string; readonly answer: string };
  readonly maxSessions?: number;
  readonly forbidForwarding?: boolean;
  readonly kex?: readonly string[];
}

export interface TestSshServer extends AsyncDisposable {
  readonly port: number;
  /** `[127.0.0.1]:port type base64`, one line for each host key. */
  readonly knownHosts: string;
  readonly fingerprints: readonly string[];
  /** Methods that clients tried, in order, without the repetitions of one method. */
  readonly methods: readonly string[];
  readonly open: number;
  /** Cuts all connections, as a network does. */
  cut(): void;
  close(): Promise<void>;
}

export interface KeyPair {
  readonly private: string;
  readonly public: string;
}

export function makeKey(kind: KeyKind = "ed25519"): KeyPair {
  if (kind === "rsa") return ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 });
  if (kind === "ecdsa") return ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  return readable(() => ssh2.utils.generateKeyPairSync("ed25519"));
}

export function makeLockedKey(passphrase: string): KeyPair {
  const make = () =>
    ssh2.utils.generateKeyPairSync("ed25519", { passphrase, cipher: "aes256-ctr", rounds: 4 });
  return readable(make, passphrase);
}

/** ssh2 now and then writes an Ed25519 key that it cannot read. */
function readable(make: () => KeyPair, passphrase?: string): KeyPair {
  for (;;) {
    const pair = make();
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}

export function wireFormat(publicKey: string): Buffer {
  return Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
}

export async function startSshServer(options: SshServerOptions = {}): Promise<TestSshServer> {
  const keys = options.keys ?? (options.hostKeys ?? ["ed25519"]).map((kind) => makeKey(kind));
  const children = new Set<ChildProcess>();
  const sockets = new Set<net.Socket>();
  const clients = new Set<Connection>();
  const methods: string[] = [];
  const serverOptions = {
    hostKeys: keys.map((key) => key.private),
    ...(options.kex && { algorithms: { kex: options.kex as ["curve25519-sha256"] } }),
  };
  const ssh = new ssh2.Server(serverOptions, (client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client));
    client.on("error", () => {});
    client.on("authentication", (context) => {
      if (methods.at(-1) !== context.method) methods.push(context.method);
      authenticate(context, options);
    });
    client.on("ready", () => serve(client, options, children));
  });
  // ssh2's server has no way to its sockets: this listener has.
  const listener = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as net.AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) {
      // A reset while the end is on its way fails, and Node then waits for the socket for ever as it exits.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  const close = async (): Promise<void> => {
    for (const child of children) killGroup(child, "SIGKILL");
    cut();
    listener.close();
    await once(listener, "close");
  };
  return {
    port,
    methods,
    knownHosts: keys
      .map((key) => `[127.0.0.1]:${port} ${key.public.split(" ").slice(0, 2).join(" ")}\n`)
      .join(""),
    fingerprints: keys.map((key) => fingerprintOf(wireFormat(key.public))),
    get open() {
      return sockets.size;
    },
    cut,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function authenticate(context: AuthContext, options: SshServerOptions): void {
  const offered = [
    ...(options.publicKeys ? (["publickey"] as const) : []),
    ...(options.keyboard ? (["keyboard-interactive"] as const) : []),
    ...(options.password === undefined ? [] : (["password"] as const)),
  ];
  const answer = (proved: boolean): void => {
    if (proved) context.accept();
    else context.reject(offered);
  };
  if (context.method === "keyboard-interactive" && options.keyboard) {
    const { prompt, answer: expected } = options.keyboard;
    context.prompt([{ prompt, echo: false }], ([given]) => answer(given === expected));
  } else {
    answer(offered.length === 0 || isProof(context, options));
  }
}

function isProof(context: AuthContext, { password, publicKeys }: SshServerOptions): boolean {
  if (context.method === "password") return context.password === password;
  if (context.method !== "publickey") return false;
  const line = publicKeys?.find((key) => wireFormat(key).equals(context.key.data));
  const key = line === undefined ? null : ssh2.utils.parseKey(line);
  if (!key || key instanceof Error) return false;
  // Without a signature the client only asks whether the key would do.
  const { signature, blob, hashAlgo } = context;
  return !signature || !blob || key.verify(blob, signature, hashAlgo) === true;
}

function serve(client: Connection, options: SshServerOptions, children: Set<ChildProcess>): void {
  let sessions = 0;
  client.on("session", (accept, reject) => {
    if (sessions >= (options.maxSessions ?? 10)) return reject();
    sessions += 1;
    const session = accept();
    session.on("close", () => {
      sessions -= 1;
    });
    runCommands(session, children);
  });
  forwardBack(client, options);
  // Without a listener ssh2 answers as sshd does: administratively prohibited.
  if (options.forbidForwarding) return;
  client.on("tcpip", (accept, reject, { destIP, destPort }) => {
    connect(net.connect({ port: destPort, host: destIP, allowHalfOpen: true }), accept, reject);
  });
  client.on("openssh.streamlocal", (accept, reject, { socketPath }) => {
    connect(net.connect({ path: socketPath, allowHalfOpen: true }), accept, reject);
  });
}

function runCommands(session: Session, children: Set<ChildProcess>): void {
  session.on("exec", (accept, _reject, { command }) => {
    const channel: ServerChannel = accept();
    const child = spawn("/bin/sh", ["-c", command], { detached: true });
    children.add(child);
    channel.pipe(child.stdin);
    child.stdin.on("error", () => {});
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    session.on("signal", (_accept, _reject, { name }) => killGroup(child, `SIG${name}`));
    child.on("close", (code, signal) => {
      children.delete(child);
      if (code === null) channel.exit((signal ?? "SIGKILL").slice(3), false, "");
      else channel.exit(code);
      channel.end();
    });
    channel.on("close", () => killGroup(child, "SIGHUP"));
  });
}

function connect(socket: net.Socket, accept: () => ServerChannel, reject: () => void): void {
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    join(accept(), socket);
  });
}

/** Both directions, each with an end of its own: ssh2's `end` would close the whole channel. */
function join(channel: ServerChannel, socket: net.Socket): void {
  let ends = 0;
  const ended = (): void => {
    ends += 1;
    if (ends === 2) channel.close();
  };
  channel.pipe(socket);
  socket.pipe(channel, { end: false });
  channel.on("end", ended);
  socket.on("end", () => {
    // An empty write is done when all before it are.
    channel.write("", () => {
      channel.eof();
      ended();
    });
  });
  socket.on("error", () => channel.close());
  // What the channel brought may still be on its way into the socket.
  channel.on("close", () => socket.destroySoon());
}

type ForwardRequest =
  | { readonly socketPath: string }
  | { readonly bindAddr: string; readonly bindPort: number };

function forwardBack(client: Connection, options: SshServerOptions): void {
  const servers = new Map<string, net.Server>();
  client.on("close", () => {
    for (const server of servers.values()) server.close();
  });
  client.on("request", (accept, reject, name, info: ForwardRequest) => {
    const key = "socketPath" in info ? info.socketPath : String(info.bindPort);
    if (name.startsWith("cancel-")) {
      servers.get(key)?.close();
      servers.delete(key);
      return accept?.();
    }
    if (options.forbidForwarding) return reject?.();
    const server = net.createServer({ allowHalfOpen: true });
    server.once("error", () => reject?.());
    if ("socketPath" in info) {
      server.listen(info.socketPath, () => accept?.());
      server.on("connection", (socket) => {
        client.openssh_forwardOutStreamLocal(info.socketPath, (error, channel) => {
          if (error) socket.destroy();
          else join(channel, socket);
        });
      });
      servers.set(key, server);
      return;
    }
    server.listen(info.bindPort, info.bindAddr, () => {
      const { port } = server.address() as net.AddressInfo;
      servers.set(String(port), server);
      accept?.(port);
    });
    server.on("connection", (socket) => {
      const { port } = server.address() as net.AddressInfo;
      client.forwardOut(
        info.bindAddr,
        port,
        socket.remoteAddress ?? "",
        socket.remotePort ?? 0,
        (error, channel) => {
          if (error) socket.destroy();
          else join(channel, socket);
        },
      );
    });
  });
}

function killGroup(child: ChildProcess, signal: string): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal as NodeJS.Signals);
  } catch {
    // It has ended meanwhile.
  }
}
