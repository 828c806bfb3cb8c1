/** One command on one channel. */
import type { CommandResult } from "../../ports.ts";
import type { ClientChannel } from "./library.ts";

const stderrKept = 64 * 1024;

/** Feeds a command and collects what it says, until the server closes the channel after the last byte. */
export async function collectChannel(channel: ClientChannel, input: Buffer | string): Promise<CommandResult> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  channel.on("data", (chunk: Buffer) => stdout.push(chunk));
  channel.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const ended = watchExit(channel);
  channel.end(input);
  const code = await ended;
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}

/** The exit code once the channel is closed; null for a signal. */
export function watchExit(channel: ClientChannel): Promise<number | null> {
  return new Promise((resolve) => {
    let code: number | null = null;
    channel.once("exit", (exitCode: number | null) => {
      code = exitCode ?? null;
    });
    channel.once("close", () => resolve(code));
  });
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
  channel.signal("KILL");
  channel.end();
  channel.close();
  // Unread output would hold back the event that frees the channel.
  channel.resume();
  channel.stderr.resume();
}
