/** Debian's docker-registry 2.8 inside a host, storage in /tmp. Plain HTTP and open to everybody unless told else. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "./lab.ts";

export interface LabRegistry {
  /** `host:port`, as an engine or a client that reaches the host would name it. */
  readonly address: string;
  stop(): Promise<void>;
  /** Killed, and started again with what it has stored. */
  restart(): Promise<void>;
}

export interface RegistryOptions {
  /** Each host has its own ports. Default 5000. */
  readonly port?: number;
  /** Default all addresses of the host. */
  readonly listen?: string;
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Lines `user:bcrypt`. */
  readonly htpasswd?: string;
  /** `cert` is that of whoever signs the tokens, in PEM. */
  readonly token?: { readonly realm: string; readonly issuer: string; readonly cert: string };
  /** Default true. */
  readonly deletes?: boolean;
  readonly readOnly?: boolean;
  /** URL of a registry that it fetches from and keeps what it got. */
  readonly proxyOf?: string;
}

function configOf(folder: string, port: number, options: RegistryOptions): object {
  const { tls, htpasswd, token, deletes = true, readOnly = false, proxyOf, listen = "" } = options;
  const bundle = { rootcertbundle: `${folder}/token.pem` };
  const auth = {
    ...(htpasswd === undefined ? {} : { htpasswd: { realm: "lab", path: `${folder}/htpasswd` } }),
    ...(token === undefined
      ? {}
      : { token: { realm: token.realm, service: "lab", issuer: token.issuer, ...bundle } }),
  };
  return {
    version: 0.1,
    storage: {
      filesystem: { rootdirectory: `${folder}/storage` },
      delete: { enabled: deletes },
      maintenance: { readonly: { enabled: readOnly } },
    },
    http: {
      addr: `${listen}:${port}`,
      ...(tls === undefined ? {} : { tls: { certificate: `${folder}/cert.pem`, key: `${folder}/key.pem` } }),
    },
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
    ...(proxyOf === undefined ? {} : { proxy: { remoteurl: proxyOf } }),
  };
}

/** Verifies no certificate. */
const answersScript = `if command -v curl >/dev/null; then exec curl -sk -o /dev/null "$1"; fi
exec busybox wget -q -O /dev/null --no-check-certificate "$1"`;

/** Starts a registry, and waits until it answers. */
export async function startRegistry(host: LabHost, options: RegistryOptions = {}): Promise<LabRegistry> {
  const port = options.port ?? 5000;
  const folder = `/tmp/lab-registry-${port}`;
  const files = {
    // Every JSON text is YAML as well.
    "config.yml": JSON.stringify(configOf(folder, port, options)),
    "cert.pem": options.tls?.cert,
    "key.pem": options.tls?.key,
    htpasswd: options.htpasswd,
    "token.pem": options.token?.cert,
  };
  await host.run(["mkdir", "-p", folder]);
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) await host.run(["sh", "-c", `cat >${folder}/${name}`], { input: content });
  }
  const script = `cd ${folder} || exit 1
setsid docker-registry serve config.yml >log 2>&1 </dev/null & echo $!`;
  let pid = "";
  const kill = async () => {
    // The port is free when the process is gone, which is after the signal.
    await host.run([
      "sh",
      "-c",
      `kill -KILL ${pid}; for _ in $(seq 250); do kill -0 ${pid} || break; sleep 0.02; done`,
    ]);
  };
  const stop = async () => {
    await kill();
    await host.run(["rm", "-rf", folder]);
  };
  const url = `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}/v2/`;
  // Not every kind of host has curl; where one does, any status will do.
  const closed = options.tls ?? options.htpasswd ?? options.token;
  const asks =
    closed === undefined
      ? ["busybox", "wget", "-q", "-O", "-", url]
      : ["sh", "-c", answersScript, "lab-asks", url];
  const start = async () => {
    pid = (await host.run(["sh", "-c", script])).stdout.trim();
    for (let attempt = 0; attempt < 200; attempt++) {
      if ((await host.run(asks)).code === 0) return;
      await sleep(50);
    }
    const log = await host.run(["cat", `${folder}/log`]);
    await stop();
    throw new Error(`docker-registry did not start on ${host.name}: ${log.stdout.slice(-2000)}`);
  };
  await start();
  const restart = async () => {
    await kill();
    await start();
  };
  return { address: `${host.address}:${port}`, stop, restart };
}
