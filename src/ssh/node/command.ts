/** One command on one channel. */
import type { CommandResult } from "../../ports.ts";
import type { Client, ClientChannel } from "./library.ts";

const stderrKept = 64 * 1024;

/** A started command. `exit` is its code once the channel is closed, after the last byte; null for a signal. */
export interface Session {
  readonly channel: ClientChannel;
  readonly exit: Promise<number | null>;
}

/**
 * Starts a command. Its end is watched from the very first moment: a quick one ends in the same packet that says it
 * has started, before any promise is told.
 */
export function startSession(client: Client, line: string): Promise<Session> {
  return new Promise((resolve, reject) => {
    client.exec(line, (error, channel) =>
      error ? reject(error) : resolve({ channel, exit: watchExit(channel) }),
    );
  });
}

function watchExit(channel: ClientChannel): Promise<number | null> {
  return new Promise((resolve) => {
    let code: number | null = null;
    channel.once("exit", (exitCode: number | null) => {
      code = exitCode ?? null;
    });
    channel.once("close", () => resolve(code));
  });
}

/** Feeds a command and collects what it says. */
export async function collectSession(
  { channel, exit }: Session,
  input: Buffer | string,
): Promise<CommandResult> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  channel.on("data", (chunk: Buffer) => stdout.push(chunk));
  channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  channel.end(input);
  const code = await exit;
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/** Reads standard error and keeps its last part. */
export function keepStderr(channel: ClientChannel): () => string {
  let kept: Buffer = Buffer.alloc(0);
  channel.stderr.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-stderrKept);
  });
  return () => kept.toString();
}

/** Ends a command over there: closing its channel alone leaves a silent one running. */
export function killChannel(channel: ClientChannel): void {
  signalKill(channel);
  channel.end();
  channel.close();
  // Unread output would hold back the event that frees the channel.
  channel.resume();
  channel.stderr.resume();
}

/** ssh2's own `signal` does nothing once a command's input has ended, as ours has: so speak the protocol. */
function signalKill(channel: ClientChannel): void {
  const { _client: client, outgoing } = channel as Partial<Inside>;
  if (outgoing?.state === "open" || outgoing?.state === "eof") client?._protocol?.signal(outgoing.id, "KILL");
}

interface Inside {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: { readonly _protocol?: { signal(channel: number, name: string): void } };
}
