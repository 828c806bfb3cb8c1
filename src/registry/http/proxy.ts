/** Which proxy the environment names for an address. Pure. */
import { RegctlError } from "../../errors.ts";
import { networkContains, parseIp, parseNetwork } from "../../ip-network.ts";
import type { Environment } from "../../ports.ts";
import { isLoopbackHost } from "../loopback.ts";

/** As Go's programs (docker, crane, skopeo) read it, so that one environment serves them all. Throws USAGE. */
export function proxyFor(url: URL, environment: Environment): string | null {
  if (isLoopbackHost(url.hostname)) return null;
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = environment[name] || environment[name.toLowerCase()];
  if (!proxy || isExempt(url, environment.NO_PROXY || environment.no_proxy || "")) return null;
  const address = proxy.includes("://") ? proxy : `http://${proxy}`;
  // It may hold a password, so it is not shown.
  if (!URL.canParse(address))
    throw new RegctlError("USAGE", { problem: `${name} holds no address of a proxy` });
  return address;
}

function isExempt(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  return list
    .split(/[\s,]+/)
    .map((entry) => entry.toLowerCase())
    .some((entry) => entry !== "" && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const network = parseNetwork(entry);
  const address = parseIp(host);
  if (network !== null) return address !== null && networkContains(network, address);
  const [, bracketed, plain, wanted] =
    /^(?:\[([^\]]*)\]|([^:]*(?::[^:]*){2,}|[^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? "";
  if (wanted !== undefined && wanted !== port) return false;
  if (address !== null) return name === host;
  // A name stands for itself and what is below it; one with a dot in front, for what is below alone.
  const domain = name.replace(/^\*?\./, "");
  if (domain === "") return false;
  return host.endsWith(`.${domain}`) || (domain === name && host === domain);
}
