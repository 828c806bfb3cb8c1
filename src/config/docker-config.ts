/** What Docker's `config.json` (and Podman's `auth.json`, of the same shape) say about logins. Pure. */
import { posix } from "node:path";
import type { Environment } from "../ports.ts";

export type Credential =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** What a token server gave in place of the password. */
  | { readonly kind: "identity-token"; readonly username: string; readonly token: string }
  /** Shown to the registry as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

export interface DockerConfig {
  /** By key as it stands there; null where the secret is somewhere else. */
  readonly auths: Readonly<Record<string, Credential | null>>;
  /** Name of the helper for everything without one of its own: the `x` of `docker-credential-x`. */
  readonly credsStore: string | null;
  readonly credHelpers: Readonly<Record<string, string>>;
}

const none: DockerConfig = { auths: {}, credsStore: null, credHelpers: {} };

export function dockerConfigPath(environment: Environment, home: string): string {
  return posix.join(environment.DOCKER_CONFIG || posix.join(home, ".docker"), "config.json");
}

/** Podman's files, in the order in which it looks. */
export function podmanAuthPaths(environment: Environment, home: string): readonly string[] {
  const { REGISTRY_AUTH_FILE: named, XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: config } = environment;
  if (named) return [named];
  return [
    ...(runtime ? [posix.join(runtime, "containers/auth.json")] : []),
    posix.join(config || posix.join(home, ".config"), "containers/auth.json"),
  ];
}

/** Null when the text is no JSON object: who only reads then goes on without it, as the docker CLI does. */
export function parseDockerConfig(text: string | null): DockerConfig | null {
  if (text === null || text.trim() === "") return none;
  const root = objectOf(parse(text));
  if (root === null) return null;
  const auths = Object.entries(objectOf(root.auths) ?? {});
  const helpers = Object.entries(objectOf(root.credHelpers) ?? {});
  return {
    auths: Object.fromEntries(auths.map(([key, value]) => [key, credentialOf(objectOf(value) ?? {})])),
    credsStore: helperName(root.credsStore),
    credHelpers: Object.fromEntries(
      helpers.flatMap(([key, value]) => {
        const name = helperName(value);
        return name === null ? [] : [[key, name]];
      }),
    ),
  };
}

/** A login as Docker writes it. */
export function authEntryOf(credential: Credential): Readonly<Record<string, string>> {
  switch (credential.kind) {
    case "password":
      return { auth: toBase64(`${credential.username}:${credential.password}`) };
    case "identity-token":
      return { auth: toBase64(`${credential.username}:`), identitytoken: credential.token };
    case "registry-token":
      return { registrytoken: credential.token };
  }
}

type Json = Readonly<Record<string, unknown>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** It becomes part of a program's name, and must not lead anywhere else. */
function helperName(value: unknown): string | null {
  return typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value) ? value : null;
}

function credentialOf(entry: Json): Credential | null {
  const decoded = Buffer.from(textOf(entry.auth), "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  const username = colon < 0 ? textOf(entry.username) : decoded.slice(0, colon);
  const password = colon < 0 ? textOf(entry.password) : decoded.slice(colon + 1);
  const identity = textOf(entry.identitytoken);
  if (identity !== "") return { kind: "identity-token", username, token: identity };
  const registry = textOf(entry.registrytoken);
  if (registry !== "") return { kind: "registry-token", token: registry };
  return username === "" || password === "" ? null : { kind: "password", username, password };
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
