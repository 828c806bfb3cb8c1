/**
 * Whether a server speaks TLS, from the first byte that it says to the beginning of a handshake. What speaks TLS for us
 * takes longer to load than a registry on this machine takes to answer everything, and most of those speak plain HTTP.
 */
import { connect } from "node:net";
import { failure } from "./wire-http/failure.ts";

/**
 * A ClientHello (RFC 8446, section 4.1.2) for TLS 1.2 and 1.3 that is never followed up: its random is the same every
 * time. A server of plain HTTP finds the end of a line in it (the extension supported_groups is number 10), and answers.
 */
const extensions = [
  "000a 0006 0004 001d 0017", // supported_groups: x25519, secp256r1
  "000b 0002 0100", // ec_point_formats: uncompressed
  "000d 000e 000c 0403 0804 0401 0503 0805 0501", // signature_algorithms
  "002b 0005 04 0304 0303", // supported_versions: 1.3, 1.2
  "0033 0002 0000", // key_share: wants to be told which
].join("");
const suites = "1301 1302 1303 c02b c02f c02c c030 009c 009d";

function withLength(hex: string, bytes: number): string {
  const digits = hex.replaceAll(" ", "");
  return (digits.length / 2).toString(16).padStart(bytes * 2, "0") + digits;
}

function clientHello(): Buffer {
  const random = "5e".repeat(32);
  const body = `0303${random}00${withLength(suites, 2)}0100${withLength(extensions, 2)}`;
  return Buffer.from(`160301${withLength(`01${withLength(body, 3)}`, 2)}`, "hex");
}

export interface Greeted {
  readonly origin: URL;
  /** For the connection and the first byte. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Resolves unless the server answers in plain HTTP: then it rejects as OpenSSL does there. Who hangs up without a word may
 * speak TLS or not. Rejects with the system's error where there is no connection.
 */
export function greetByTls({ origin, timeoutMs, signal }: Greeted): Promise<void> {
  return new Promise((resolve, reject) => {
    const host = origin.hostname.replace(/^\[|\]$/g, "");
    const socket = connect({ host, port: Number(origin.port || 443), noDelay: true });
    let connected = false;
    const end = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      act();
    };
    const fail = (error: Error): void => end(() => reject(error));
    const onAbort = (): void => fail(failure("UND_ERR_ABORTED", "aborted"));
    const timer = setTimeout(
      () => fail(failure("UND_ERR_CONNECT_TIMEOUT", "no connection within the time")),
      timeoutMs,
    );
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => {
      connected = true;
      socket.write(clientHello());
    });
    socket.once("data", ([first]: Buffer) => {
      if (first === 0x48) fail(failure("ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number"));
      else end(resolve);
    });
    socket.on("error", (error) => (connected ? end(resolve) : fail(error)));
    socket.on("close", () => end(resolve));
    if (signal.aborted) onAbort();
  });
}
