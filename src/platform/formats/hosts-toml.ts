/**
 * `hosts.toml`, containerd's file for one registry: a file of our own, written whole. What stands in it is read with
 * every request, so nothing has to be told. Pure.
 * @see https://github.com/containerd/containerd/blob/main/docs/hosts.md
 */
import { parse } from "smol-toml";

export type HostCapability = "pull" | "resolve" | "push";

/** An address under which a registry's images are asked for, and how. */
export interface Endpoint {
  /** With its scheme, without a slash at the end. */
  readonly url: string;
  /** TLS whose certificate nobody verifies. */
  readonly skipVerify?: boolean;
  /** Files of authorities; what is relative begins at the folder of hosts.toml. */
  readonly ca?: readonly string[];
  /** Pairs of a certificate and its key that are shown to it. */
  readonly client?: readonly (readonly [certificate: string, key: string])[];
}

/** Asked in the order of the file. */
export interface HostRule extends Endpoint {
  readonly capabilities: readonly HostCapability[];
}

export interface HostsToml {
  /** Asked last, when none of the hosts had it: what counts for a host of the same address does not count for it. */
  readonly server: Endpoint;
  /** One at least: before 2.0 a file without hosts is thrown away as a whole. */
  readonly hosts: readonly HostRule[];
}

export const everything: readonly HostCapability[] = ["pull", "resolve", "push"];

const head = "# Written by regctl; `regctl setup undo` takes it away.\n";

export function renderHostsToml({ server, hosts }: HostsToml): string {
  const lines = [`server = ${quoted(server.url)}`, ...howLines(server)];
  return [`${head}${lines.join("\n")}\n`, ...hosts.map(renderHost)].join("\n");
}

function renderHost(rule: HostRule): string {
  const lines = [
    `[host.${quoted(rule.url)}]`,
    `capabilities = ${listed(rule.capabilities)}`,
    ...howLines(rule),
  ];
  return `${lines.join("\n")}\n`;
}

function howLines({ skipVerify, ca, client }: Endpoint): readonly string[] {
  return [
    ...(skipVerify === true ? ["skip_verify = true"] : []),
    ...(ca && ca.length > 0 ? [`ca = ${listed(ca)}`] : []),
    ...(client && client.length > 0 ? [`client = [${client.map(listed).join(", ")}]`] : []),
  ];
}

/** TOML's basic strings are JSON's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function listed(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(", ")}]`;
}

/** Reads a file that setup has written; null for any other, which only its owner may change. */
export function readHostsToml(text: string): HostsToml | null {
  const read = text.startsWith(head) ? parseHostsToml(text) : null;
  return read !== null && renderHostsToml(read) === text ? read : null;
}

/** Of any file; null when it cannot be read as one. */
export function parseHostsToml(text: string): HostsToml | null {
  try {
    const { server, host, ...how } = parse(text) as Table & {
      server?: unknown;
      host?: Record<string, Table>;
    };
    if (server !== undefined && typeof server !== "string") return null;
    const hosts = Object.entries(host ?? {}).map(([url, table]) => ({
      ...endpointOf(url, table),
      capabilities: table.capabilities ?? [],
    }));
    return { server: endpointOf(server ?? "", how), hosts };
  } catch {
    return null;
  }
}

interface Table {
  readonly capabilities?: readonly HostCapability[];
  readonly skip_verify?: boolean;
  readonly ca?: readonly string[];
  readonly client?: readonly (readonly [string, string])[];
}

function endpointOf(url: string, { skip_verify, ca, client }: Table): Endpoint {
  return {
    url,
    ...(skip_verify === undefined ? {} : { skipVerify: skip_verify }),
    ...(ca === undefined ? {} : { ca }),
    ...(client === undefined ? {} : { client }),
  };
}
