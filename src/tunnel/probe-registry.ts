/** Whether a registry is at the end of a stream: asked in HTTP/1.1 by hand, since nothing is known of it yet. */
import type { Duplex } from "node:stream";

/** `https`: it wants TLS, behind which anything may be. `silent`: it took the connection and said nothing. */
export type Probed = "registry" | "https" | "other" | "silent";

const answerMs = 3000;
const mostBytes = 16 * 1024;
const request = "GET /v2/ HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n";

/** Ends the stream. */
export async function probeRegistry(stream: Duplex): Promise<Probed> {
  stream.on("error", () => {});
  const timer = setTimeout(() => stream.destroy(), answerMs);
  try {
    stream.write(request);
    let text = "";
    for await (const chunk of stream) {
      text += Buffer.from(chunk).toString("latin1");
      if (text.includes("\r\n\r\n") && text.length > text.indexOf("\r\n\r\n") + 4) break;
      if (text.length > mostBytes) break;
    }
    return judge(text);
  } catch {
    return "silent";
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}

/** Pure. A TLS server answers plain HTTP with status 400 and says so, or with an alert (RFC 8446 §6). */
function judge(answer: string): Probed {
  if (answer === "") return "silent";
  const [, status = "", rest = ""] = /^HTTP\/1\.[01] (\d{3})(.*)$/s.exec(answer) ?? [];
  if (status === "") return answer.startsWith("\u0015\u0003") ? "https" : "other";
  if (status === "400" && /https/i.test(rest)) return "https";
  const told = /^docker-distribution-api-version: *registry\/2/im.test(rest);
  if (told) return "registry";
  if (status === "401" && /^www-authenticate:/im.test(rest)) return "registry";
  return status === "200" && !/^content-type:.*html/im.test(rest) ? "registry" : "other";
}
