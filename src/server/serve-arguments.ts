/** Settings as the words of a command line that serves with them, wherever it is started. Pure. */
import type { ServeSettings, TlsChoice } from "./settings.ts";

/** Begins with `serve`. Whatever is usual is left out; paths are absolute. */
export function serveArguments(settings: ServeSettings): readonly string[] {
  const { listen, storage, htpasswd, anonymous, readOnly, maxBlobBytes, behindProxy, metrics } = settings;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return [
    ...["serve", "--listen", `${host}:${listen.port}`, "--storage", storage],
    ...tlsArguments(settings.tls),
    ...(htpasswd === null ? [] : ["--htpasswd", htpasswd]),
    ...(anonymous === "none" ? [] : ["--anonymous", anonymous]),
    ...(readOnly ? ["--read-only"] : []),
    ...(maxBlobBytes === null ? [] : ["--max-blob-size", String(maxBlobBytes)]),
    ...(behindProxy ? ["--behind-proxy"] : []),
    ...(metrics ? ["--metrics"] : []),
  ];
}

function tlsArguments(tls: TlsChoice): readonly string[] {
  switch (tls.kind) {
    case "none":
      return [];
    case "self-signed":
      return ["--tls", "self-signed"];
    case "files":
      return ["--tls-cert", tls.certificate, "--tls-key", tls.key];
  }
}
