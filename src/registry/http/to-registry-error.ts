/** From a failed connection to an error of ours. Pure. */
import { RegctlError } from "../../errors.ts";
import { ConnectionFailure } from "./failure.ts";
import type { Send } from "./send.ts";

export function toRegistryError(failure: ConnectionFailure, url: URL): RegctlError {
  const { kind, message: reason } = failure;
  const registry = url.host;
  const options = { cause: failure };
  if (kind === "plaintext") return new RegctlError("REGISTRY_PROTOCOL", { registry, reason }, options);
  if (kind === "certificate" || kind === "client-certificate") {
    return new RegctlError(
      "REGISTRY_CERTIFICATE",
      { registry, reason, ours: kind !== "certificate" },
      options,
    );
  }
  return new RegctlError("REGISTRY_UNREACHABLE", { registry, tried: [url.origin], reason }, options);
}

/** The outermost: whoever asks knows nothing of connections. */
export function withErrors(send: Send): Send {
  return async (request) => {
    try {
      return await send(request);
    } catch (error) {
      throw error instanceof ConnectionFailure ? toRegistryError(error, request.url) : error;
    }
  };
}
