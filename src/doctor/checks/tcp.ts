/** Whether somebody takes connections at the port of the registry, and what there is instead. Pure. */
import { quoteLine } from "../../explain/quote.ts";
import { isLoopbackHost } from "../../registry/loopback.ts";
import type { Facts, ServerLook, Target, TunnelLook } from "../facts.ts";
import { type Cure, type Finding, failed, ok, type Trouble } from "../finding.ts";
import { on, prefixed } from "./engine.ts";

type Known = Pick<Facts, "host" | "tunnels" | "servers"> & {
  readonly registry: Target;
  readonly server: ServerLook;
};

export function judgeTcp(known: Known): Finding {
  const { server, registry, host, tunnels } = known;
  const { registry: name } = registry;
  const { connect } = server;
  if (connect === null) return ok(`${name} takes connections.`);
  const tunnel = tunnels.find(({ local, state }) => state === null && isSamePort(local, registry));
  if (tunnel !== undefined) return failed(tunnelDown(tunnel, registry));
  const look = prefixed(host, quoteLine(["curl", "-v", `http://${name}/v2/`]));
  switch (connect.kind) {
    case "silent":
      return failed({
        code: "REGISTRY_SILENT",
        message: `${name} swallows what is sent to it${on(host)}: ${connect.reason}. Mostly that is a firewall, or an address that nobody has.`,
        remedies: [prefixed(host, quoteLine(["ip", "route", "get", registry.host])), look],
      });
    case "refused":
      return failed(isLoopbackHost(registry.host) ? nothingHere(known) : nothingThere(registry, host));
    default:
      return failed({
        code: "REGISTRY_UNREACHABLE",
        message: `There is no connection to ${name}${on(host)}: ${connect.reason}.`,
        remedies: [prefixed(host, quoteLine(["ip", "route", "get", registry.host])), look],
      });
  }
}

/** One that leads there while it is up. `localhost` and 127.0.0.1 are one place. */
function isSamePort(local: string, { host, port }: Target): boolean {
  return isLoopbackHost(host) && Number(/:(\d+)$/.exec(local)?.[1]) === port;
}

function tunnelDown({ name, server, to }: TunnelLook, { registry }: Target): Trouble {
  const cure = { kind: "tunnel", registry, server, to, name: name === server ? null : name } as const;
  return {
    code: "NOT_RUNNING",
    message: `Nothing listens at ${registry}: the tunnel ${name}, which leads there, does not run.`,
    remedies: [tunnelLine(cure)],
    cure,
  };
}

/** The command that opens a tunnel again as it was, in the background. */
export function tunnelLine({ server, to, name }: Extract<Cure, { readonly kind: "tunnel" }>): string {
  const named = name === null ? [] : ["--name", name];
  return quoteLine(["regctl", "tunnel", server, "--to", to, ...named, "--detach"]);
}

/** On a loopback address a registry would be on that very machine. */
function nothingHere({ registry, host, servers }: Known): Trouble {
  const { registry: name, port } = registry;
  const address = registry.host === "localhost" ? "127.0.0.1" : registry.host;
  const listen = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const others = servers.map((url) => URL.parse(url)?.host ?? "").filter((other) => other !== "");
  const isPort = /:\d+$/.test(name);
  return {
    code: "REGISTRY_UNREACHABLE",
    message: `Nothing listens at ${name} on ${host === "localhost" ? "this machine" : host}.${portHint(registry)}`,
    remedies: [
      ...(isPort ? [] : [quoteLine(["regctl", "doctor", `${name}:5000`])]),
      ...others.slice(0, 3).map((other) => `One is served at ${other}: regctl doctor ${other}`),
      prefixed(
        host,
        quoteLine(["regctl", "serve", "--listen", isPort ? listen : "127.0.0.1:5000", "--detach"]),
      ),
      prefixed(host, "ss -ltn"),
      ...(host === "localhost"
        ? ["If it is on a server, behind SSH: regctl tunnel USER@SERVER --detach"]
        : []),
    ],
  };
}

function nothingThere(registry: Target, host: string): Trouble {
  const { registry: name, port } = registry;
  const isPort = /:\d+$/.test(name);
  return {
    code: "REGISTRY_UNREACHABLE",
    message: `Nothing listens at ${name}${on(host)}: the host answers, and refuses.${portHint(registry)}`,
    remedies: [
      ...(isPort ? [] : [`With its port: ${quoteLine(["regctl", "doctor", `${name}:5000`])}`]),
      `On ${registry.host}, see at which address and port it listens: ss -ltn`,
      ...(isPort ? [`On ${registry.host}, where none runs yet: regctl serve --listen 0.0.0.0:${port}`] : []),
      `Where it listens on its own localhost alone: ${quoteLine(["regctl", "tunnel", registry.host, "--to", `localhost:${port}`, "--detach"])}`,
    ],
  };
}

function portHint({ registry, port }: Target): string {
  return /:\d+$/.test(registry) ? "" : ` Without a port, ${port} is meant.`;
}
