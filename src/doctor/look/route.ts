/** The proxy that leads to a registry: the engine's where there is an engine, else that of the environment. Pure. */
import type { Environment } from "../../ports.ts";
import { proxyFor } from "../../registry/http/proxy.ts";

/** As `/info` shows them: a password is masked. Empty for none. */
export interface EngineProxies {
  readonly http: string;
  readonly https: string;
  readonly none: string;
}

export interface Proxying {
  /** Variables, as programs of Go read them. */
  readonly environment: Environment;
  readonly from: "engine" | "environment";
  readonly noProxy: string;
}

/** Null `proxies`: there is no engine that could be asked. */
export function planProxying(proxies: EngineProxies | null, environment: Environment): Proxying {
  if (proxies === null) {
    return { environment, from: "environment", noProxy: environment.NO_PROXY || environment.no_proxy || "" };
  }
  const { http, https, none } = proxies;
  const told = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: none };
  return { environment: told, from: "engine", noProxy: none };
}

/** The proxy to a registry by each scheme; null for a direct way. */
export function routesTo(authority: string, { environment }: Proxying) {
  const of = (scheme: "https" | "http"): URL | null => {
    const proxy = proxyFor(new URL(`${scheme}://${authority}/`), environment);
    return proxy === null ? null : new URL(proxy);
  };
  return { https: of("https"), http: of("http") };
}

/** The engine does not show a password, so nobody else can use its proxy. */
export function isMasked({ username }: URL): boolean {
  return username === "xxxxx";
}
