/** Which engine would the docker CLI use here? Pure: the texts it depends on are read by `read-endpoint.ts`. */
import { createHash } from "node:crypto";
import { RegctlError } from "../errors.ts";
import type { Environment } from "../ports.ts";
import { objectOf, parseJson, textOf } from "./lenient-json.ts";
import { type MachineOrigin, machineOf } from "./machine.ts";

/** Paths of PEM files; a file that is not there is not used. */
export interface EngineTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly verify: boolean;
}

export type EngineAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls?: EngineTls }
  /** `spec` is USER@HOST:PORT, the user and port where they were given; a socket path where it is not the default. */
  | { readonly kind: "ssh"; readonly spec: string; readonly socketPath?: string }
  | { readonly kind: "npipe"; readonly path: string };

export type EngineEndpoint = EngineAddress & {
  /** What named it: "DOCKER_HOST", "context colima", "default", … */
  readonly origin: string;
  /** The environment was set by docker-machine or boot2docker. */
  readonly machine?: MachineOrigin;
};

export interface EndpointChoice {
  /** Somebody named the engine; false when these are the places where one usually listens, best first. */
  readonly named: boolean;
  readonly endpoints: readonly EngineEndpoint[];
  /** Things the docker CLI would warn of. */
  readonly warnings: readonly string[];
}

export interface EndpointInput {
  readonly environment: Environment;
  readonly home: string;
  /** `config.json` of the docker CLI; null when there is none. */
  readonly dockerConfigText: string | null;
  /** The chosen context's `meta.json`; null when there is none. */
  readonly contextMetaText: string | null;
  /** Names of the files in the chosen context's TLS folder. */
  readonly contextTlsFiles: readonly string[];
  /** `--context NAME`. */
  readonly contextFlag?: string;
}

const defaultSocket = "/var/run/docker.sock";

export function dockerConfigFolder(environment: Environment, home: string): string {
  return environment.DOCKER_CONFIG || `${home}/.docker`;
}

/** Folders of a context are named after its digest. */
export function contextFolders(
  configFolder: string,
  name: string,
): { readonly meta: string; readonly tls: string } {
  const digest = createHash("sha256").update(name).digest("hex");
  const contexts = `${configFolder}/contexts`;
  return { meta: `${contexts}/meta/${digest}`, tls: `${contexts}/tls/${digest}/docker` };
}

/** The context that rules, with what chose it; null for the default one. An order of the docker CLI. */
export function chooseContext(
  input: Pick<EndpointInput, "environment" | "dockerConfigText" | "contextFlag">,
): string | null {
  const { environment, dockerConfigText, contextFlag } = input;
  if (contextFlag) return contextFlag === "default" ? null : contextFlag;
  if (environment.DOCKER_HOST) return null;
  const configured = textOf(objectOf(parseJson(dockerConfigText ?? "")).currentContext);
  const name = environment.DOCKER_CONTEXT || configured;
  return name === "" || name === "default" ? null : name;
}

/** Throws USAGE where the docker CLI would fail too: an address it cannot read, a context that is not there. */
export function resolveEndpoint(input: EndpointInput): EndpointChoice {
  const warnings = warningsOf(input);
  const context = chooseContext(input);
  if (context !== null) return { named: true, endpoints: [contextEndpoint(context, input)], warnings };
  const { DOCKER_HOST: dockerHost } = input.environment;
  if (dockerHost) return { named: true, endpoints: [environmentEndpoint(dockerHost, input)], warnings };
  return { named: false, endpoints: usualEndpoints(input.environment), warnings };
}

function warningsOf({ dockerConfigText }: EndpointInput): readonly string[] {
  if (dockerConfigText === null || dockerConfigText.trim() === "") return [];
  return parseJson(dockerConfigText) === undefined ? ["the docker CLI's config.json is not valid JSON"] : [];
}

function usualEndpoints(environment: Environment): readonly EngineEndpoint[] {
  const runtime = environment.XDG_RUNTIME_DIR;
  return [
    { kind: "unix", path: defaultSocket, origin: "default" },
    ...(runtime ? [{ kind: "unix", path: `${runtime}/docker.sock`, origin: "rootless" } as const] : []),
  ];
}

function environmentEndpoint(dockerHost: string, input: EndpointInput): EngineEndpoint {
  const { environment, home } = input;
  const address = parseAddress(
    dockerHost.includes("://") ? dockerHost : `tcp://${dockerHost}`,
    "DOCKER_HOST",
    (verify) => environmentTls(environment, home, verify),
  );
  const machine = address.kind === "tcp" ? machineOf(environment) : null;
  return { ...address, origin: "DOCKER_HOST", ...(machine === null ? {} : { machine }) };
}

function environmentTls(environment: Environment, home: string, asked: boolean): EngineTls | null {
  const verify = Boolean(environment.DOCKER_TLS_VERIFY);
  if (!verify && !environment.DOCKER_TLS && !asked) return null;
  const folder = environment.DOCKER_CERT_PATH || dockerConfigFolder(environment, home);
  return { ca: `${folder}/ca.pem`, cert: `${folder}/cert.pem`, key: `${folder}/key.pem`, verify };
}

function contextEndpoint(name: string, input: EndpointInput): EngineEndpoint {
  const origin = `context ${name}`;
  const docker = objectOf(objectOf(objectOf(parseJson(input.contextMetaText ?? "")).Endpoints).docker);
  const host = textOf(docker.Host);
  if (input.contextMetaText === null || host === "") {
    const problem = `the docker context "${name}" ${input.contextMetaText === null ? "does not exist" : "names no engine"}`;
    throw new RegctlError("USAGE", { problem, type: "docker context use default" });
  }
  const verify = docker.SkipTLSVerify !== true;
  const address = parseAddress(host, origin, (asked) => contextTls(name, input, verify, asked));
  return { ...address, origin };
}

function contextTls(name: string, input: EndpointInput, verify: boolean, asked: boolean): EngineTls | null {
  const folder = contextFolders(dockerConfigFolder(input.environment, input.home), name).tls;
  const files = (["ca", "cert", "key"] as const).filter((file) =>
    input.contextTlsFiles.includes(`${file}.pem`),
  );
  if (files.length === 0 && verify && !asked) return null;
  return { ...Object.fromEntries(files.map((file) => [file, `${folder}/${file}.pem`])), verify };
}

/** `tlsFor` is told whether the scheme itself asks for TLS. */
function parseAddress(
  text: string,
  origin: string,
  tlsFor: (asked: boolean) => EngineTls | null,
): EngineAddress {
  const [scheme = "", rest = ""] = splitOnce(text, "://");
  if (scheme === "unix") return { kind: "unix", path: rest || defaultSocket };
  if (scheme === "npipe") return { kind: "npipe", path: rest };
  if (scheme === "ssh") return parseSshAddress(text, origin);
  if (scheme === "tcp" || scheme === "http" || scheme === "https") {
    const tls = tlsFor(scheme === "https");
    const { hostname, port } = parseUrl(`tcp://${rest}`, text, origin);
    const host = hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1";
    return { kind: "tcp", host, port: Number(port) || (tls ? 2376 : 2375), ...(tls ? { tls } : {}) };
  }
  throw unreadable(text, origin);
}

function parseSshAddress(text: string, origin: string): EngineAddress {
  const { username, password, host, pathname, search, hash } = parseUrl(text, text, origin);
  if (host === "" || password !== "" || search !== "" || hash !== "") throw unreadable(text, origin);
  const spec = username === "" ? host : `${decodeURIComponent(username)}@${host}`;
  return pathname === "" || pathname === "/"
    ? { kind: "ssh", spec }
    : { kind: "ssh", spec, socketPath: decodeURIComponent(pathname) };
}

function parseUrl(url: string, given: string, origin: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null) throw unreadable(given, origin);
  return parsed;
}

function unreadable(text: string, origin: string): RegctlError {
  // A password may stand before the host.
  const shown = text.replace(/\/\/[^/@]*@/, "//…@");
  return new RegctlError("USAGE", {
    problem: `${origin} names an engine in a form that is not known: ${shown}`,
    type: "unix:///PATH, ssh://USER@HOST or tcp://HOST:PORT",
  });
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
