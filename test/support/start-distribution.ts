/** CNCF Distribution 3 as a registry of a test's own, storage in a folder that goes with it. */

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hash } from "bcryptjs";
import { openPeer } from "../interop/peers.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { createTempHome } from "./temp-home.ts";
import type { Issued } from "./tls-authority.ts";

export interface DistributionOptions {
  /** Default true. */
  readonly deletes?: boolean;
  readonly readOnly?: boolean;
  /** Names and passwords, for Basic. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tls?: Issued;
  /** `cert` is that of whoever signs the tokens, in PEM. */
  readonly token?: { readonly realm: string; readonly issuer: string; readonly cert: string };
  /** The registry that it fetches from, as URL. */
  readonly proxyOf?: string;
  /** Another version than the usual one, as a program on this machine. */
  readonly program?: string;
}

export interface Distribution extends AsyncDisposable {
  /** HOST:PORT. */
  readonly host: string;
  readonly url: string;
  readonly pid: number;
  /** Where it keeps things. */
  readonly storage: string;
  /** Drops everything that it holds. */
  empty(): Promise<void>;
}

export async function startDistribution(options: DistributionOptions = {}): Promise<Distribution> {
  const { tls, users, token } = options;
  const folder = await createTempHome();
  const at = (name: string) => join(folder.path, name);
  const files = {
    "cert.pem": tls?.cert,
    "key.pem": tls?.key,
    "token.pem": token?.cert,
    htpasswd: users === undefined ? undefined : await htpasswdOf(users),
  };
  for (const [name, content] of Object.entries(files)) {
    if (content !== undefined) await writeFile(at(name), content, { mode: 0o600 });
  }
  let server: ServerProcess;
  try {
    server = await startServerProcess({
      argv: async (port) => {
        // Every JSON text is YAML as well.
        await writeFile(at("config.yml"), JSON.stringify(configOf(folder.path, port, options)));
        return [options.program ?? (await openPeer("distribution")), "serve", at("config.yml")];
      },
      env: { OTEL_TRACES_EXPORTER: "none" },
      path: "/v2/",
      tls: tls !== undefined,
    });
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  return {
    host: server.host,
    url: server.url,
    pid: server.pid,
    storage: at("storage"),
    empty: () => rm(join(at("storage"), "docker"), { recursive: true, force: true }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function htpasswdOf(users: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(users).map(async ([name, password]) => `${name}:${await hash(password, 4)}\n`);
  return (await Promise.all(lines)).join("");
}

function configOf(folder: string, port: number, options: DistributionOptions): object {
  const { tls, users, token, proxyOf, deletes = true, readOnly = false } = options;
  const basic = { realm: "test", path: join(folder, "htpasswd") };
  const bundle = { service: "test", rootcertbundle: join(folder, "token.pem") };
  const auth =
    token === undefined
      ? { htpasswd: basic }
      : { token: { realm: token.realm, issuer: token.issuer, ...bundle } };
  return {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, "storage") },
      delete: { enabled: deletes },
      maintenance: { readonly: { enabled: readOnly }, uploadpurging: { enabled: false } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: "not a secret",
      ...(tls === undefined
        ? {}
        : { tls: { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") } }),
    },
    ...(users === undefined && token === undefined ? {} : { auth }),
    ...(proxyOf === undefined ? {} : { proxy: { remoteurl: proxyOf } }),
  };
}
