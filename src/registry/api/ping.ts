import { RegctlError } from "../../errors.ts";
import type { RegistryResponse } from "../http/send.ts";
import { answerError } from "./answer-error.ts";
import { call, type RegistryCall } from "./call.ts";

export interface PingAnswer {
  /** `refused`: it wants a login, and got none or not a good one. */
  readonly access: "open" | "refused";
  /** What it says of itself, e.g. `registry/2.0`; many say nothing. */
  readonly apiVersion: string | null;
}

/** Statuses of a proxy that waits for a registry that is not there. */
const away = new Set([502, 503, 504]);

/** Throws NOT_A_REGISTRY for something else that speaks HTTP, REGISTRY_UNREACHABLE for a proxy without a registry. */
export async function ping(registry: RegistryCall): Promise<PingAnswer> {
  const what = registry.registry;
  const all = Array.from({ length: 500 }, (_, index) => 100 + index);
  const response = await call(registry, "GET", "", { scopes: [], what, expect: all });
  return judgePing(registry, response);
}

function judgePing(registry: RegistryCall, response: RegistryResponse): PingAnswer {
  const { status, headers, url } = response;
  const apiVersion = headers["docker-distribution-api-version"]?.split(",")[0]?.trim() || null;
  const told = apiVersion?.startsWith("registry/2") === true;
  const html = /\bhtml\b/i.test(headers["content-type"] ?? "");
  if (status === 200 && (told || !html)) return { access: "open", apiVersion };
  if (status === 401 && (told || headers["www-authenticate"] !== undefined)) {
    return { access: "refused", apiVersion };
  }
  const { registry: name } = registry;
  if (away.has(status)) {
    const reason = `what stands in front of it answers ${status}`;
    throw new RegctlError("REGISTRY_UNREACHABLE", { registry: name, tried: [url.origin], reason });
  }
  if (status === 403 || status === 429 || status >= 500) {
    throw answerError(registry, { method: "GET", url, what: name }, response);
  }
  throw new RegctlError("NOT_A_REGISTRY", { registry: name, url: url.href, status });
}
