/**
 * How `ssh` gets answers from us: its askpass program asks over a unix socket in the connection's private folder.
 *
 * A secret is in no argument, no environment and no file; the socket can be reached by our user alone (0700). The
 * program is this Node running three lines, because a shell cannot talk to a socket, and a FIFO would block a thread
 * of Node for as long as nobody writes. ssh also asks here about an unknown host key, with its fingerprint in the
 * words; so that decision is taken by the same code as for the other carrier, and ssh itself records the key.
 */
import { chmod, writeFile } from "node:fs/promises";
import net from "node:net";
import { json } from "node:stream/consumers";

export interface Asked {
  readonly prompt: string;
  readonly hint: string;
  /** Process id of the ssh that asks: the one we started, or one that it started for a jump host. */
  readonly asker: number;
}

export interface Askpass {
  /** For the environment of every `ssh` that may ask. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

const program = `const socket = require("node:net").connect({ path: __dirname + "/ask.sock", allowHalfOpen: true });
const { SSH_ASKPASS_PROMPT: hint = "" } = process.env;
socket.end(JSON.stringify({ prompt: process.argv[2] || "", hint, asker: process.ppid }));
let answer = "";
socket.setEncoding("utf8").on("data", (text) => { answer += text; }).on("error", () => process.exit(1));
socket.on("end", () => answer.startsWith("+") ? process.stdout.write(answer.slice(1) + "\\n") : process.exit(1));
`;

/** `answer` resolves to what is typed, or to null for no answer. */
export async function startAskpass(
  folder: string,
  answer: (asked: Asked) => Promise<string | null>,
): Promise<Askpass> {
  await writeFile(`${folder}/askpass.cjs`, program, { mode: 0o600 });
  const script = `#!/bin/sh\nunset NODE_OPTIONS\nexec '${process.execPath.replaceAll("'", "'\\''")}' '${folder}/askpass.cjs' "$1"\n`;
  await writeFile(`${folder}/askpass`, script, { mode: 0o700 });
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    void reply(socket, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(`${folder}/ask.sock`, resolve);
  });
  await chmod(`${folder}/ask.sock`, 0o600);
  return {
    environment: {
      SSH_ASKPASS: `${folder}/askpass`,
      SSH_ASKPASS_REQUIRE: "force",
      // Before 8.4 ssh asked its askpass program only where it saw a display.
      DISPLAY: process.env.DISPLAY || ":0",
    },
    close: () => server.close(),
  };
}

async function reply(socket: net.Socket, answer: (asked: Asked) => Promise<string | null>): Promise<void> {
  const asked: unknown = await json(socket).catch(() => null);
  const given = isAsked(asked) ? await answer(asked).catch(() => null) : null;
  socket.end(given === null ? "-" : `+${given}`);
}

function isAsked(value: unknown): value is Asked {
  if (typeof value !== "object" || value === null) return false;
  if (!("asker" in value && typeof value.asker === "number")) return false;
  return (
    "prompt" in value && typeof value.prompt === "string" && "hint" in value && typeof value.hint === "string"
  );
}
