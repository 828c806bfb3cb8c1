/** The one `ssh` process that holds an OpenSSH connection; everything else goes through its control socket. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { tail } from "../../child.ts";
import { isRegctlError, RegctlError } from "../../errors.ts";
import type { Child } from "../../ports.ts";
import { startPatience } from "../patience.ts";
import type { SshTarget } from "../target.ts";
import type { SshOptions, SshWorld } from "../world.ts";
import { createAnswers } from "./answers.ts";
import { startAskpass } from "./askpass.ts";
import { toConnectFailure, toLossReason } from "./messages.ts";

export interface Master {
  /** Private folder (0700) with the control socket `c`. */
  readonly folder: string;
  /** A place in what the process writes to stderr, for `since`. */
  mark(): number;
  since(mark: number): string;
  /** Settles when the process has ended and the folder is gone; tells why. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

const notFound = 127;
const readyMark = "regctl-ready";
/** Longest folder name that leaves room for a socket's: 104 bytes on some systems, of which ssh takes 20. */
const longestFolder = 70;

/**
 * ssh lives as long as its supervisor's standard input: if regctl is killed, the shell sees the end of its input,
 * ends ssh and removes the folder. A regctl that exits in a hurry ends all of them by SIGTERM.
 */
const supervised = `folder=$1; shift; exec 3<&0
(trap 'rm -rf -- "$folder"; exit' TERM; cat <&3 >/dev/null; kill "$$" 2>/dev/null; rm -rf -- "$folder") >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null`;

/** @throws RegctlError SSH_* */
export async function startMaster(
  target: SshTarget,
  destination: readonly string[],
  options: SshOptions,
  world: SshWorld,
): Promise<Master> {
  const folder = await makeFolder(world.environment);
  const failed = Promise.withResolvers<never>();
  // It may fail before anybody listens.
  failed.promise.catch(() => {});
  const patience = startPatience(options.connectTimeoutMs, () => {
    const { host, port, login } = target;
    failed.reject(
      new RegctlError("SSH_TIMEOUT", { host, port, login, seconds: options.connectTimeoutMs / 1000 }),
    );
  });
  const onAbort = (): void => failed.reject(options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  const settle = (): void => {
    options.signal?.removeEventListener("abort", onAbort);
    patience.stop();
  };
  const answers = createAnswers(target, options, world, patience);
  const asking = startAskpass(folder, async (asked) => {
    const answer = await answers.answer(asked, asked.asker !== child.pid);
    // Ctrl-C is no answer that ssh should ask again for.
    if (isRegctlError(answers.failure, "INTERRUPTED")) failed.reject(answers.failure);
    return answer;
  });
  const askpass = await asking.catch(async (error: unknown) => {
    settle();
    await rm(folder, { recursive: true, force: true });
    throw noFolder(folder, error);
  });
  const command = ["ssh", ...masterArguments(folder, target, options, world), ...destination];
  const child = world.spawn(["sh", "-c", supervised, "sh", folder, ...command], { env: askpass.environment });
  const words = tail(child.stderr);
  let written = 0;
  child.stderr.on("data", (chunk: Buffer) => {
    written += chunk.length;
  });
  const since = (mark: number): string =>
    mark < written
      ? words()
          .subarray(mark - written)
          .toString()
      : "";
  const ended = child.exited.then(async () => {
    askpass.close();
    child.stdin.end();
    child.kill("SIGTERM");
    // Its last clients may be writing their logs.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    return toLossReason(words().toString());
  });
  const failure = child.exited.then(({ code }) => {
    if (code === notFound) throw new RegctlError("SSH_NOT_INSTALLED", { reason: words().toString().trim() });
    throw answers.failure ?? toConnectFailure(words().toString(), target, options.connectTimeoutMs);
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  try {
    await Promise.race([ready(child), failure, failed.promise]);
    return { folder, mark: () => written, since, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    failure.catch(() => {});
    settle();
  }
}

function masterArguments(folder: string, target: SshTarget, options: SshOptions, world: SshWorld): string[] {
  const tries = world.prompt.interactive ? 3 : 1;
  const settings = [
    "ControlMaster=yes",
    `ControlPath=${folder}/c`,
    "ControlPersist=no",
    // Whatever the configuration says: an unknown key is our question, a changed one is never accepted.
    "StrictHostKeyChecking=ask",
    "BatchMode=no",
    "FingerprintHash=sha256",
    "VisualHostKey=no",
    `NumberOfPasswordPrompts=${tries}`,
    `ConnectTimeout=${target.connectTimeoutSeconds ?? Math.max(1, Math.ceil(options.connectTimeoutMs / 1000))}`,
    `ServerAliveInterval=${target.serverAliveSeconds}`,
    `ServerAliveCountMax=${target.serverAliveCountMax}`,
    "LogLevel=INFO",
    "RemoteCommand=none",
    "RequestTTY=no",
    "ForwardX11=no",
    "ForwardAgent=no",
    "ClearAllForwardings=yes",
    "ExitOnForwardFailure=no",
    "PermitLocalCommand=yes",
    `LocalCommand=echo ${readyMark}`,
  ];
  return ["-N", ...settings.flatMap((setting) => ["-o", setting])];
}

/** ssh runs its LocalCommand once the connection is up and its control socket listens. */
function ready(child: Child): Promise<void> {
  return new Promise((resolve) => {
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen = (seen + chunk.toString()).slice(-1000);
      if (seen.includes(readyMark)) resolve();
    });
  });
}

async function makeFolder(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const parents = [environment.XDG_RUNTIME_DIR, tmpdir(), "/tmp"];
  for (const parent of parents) {
    const prefix = `${parent}/regctl-`;
    if (!parent || prefix.length + 6 > longestFolder) continue;
    const folder = await mkdtemp(prefix).catch(() => null);
    if (folder !== null) return folder;
  }
  throw noFolder(tmpdir(), "no folder for sockets");
}

function noFolder(path: string, reason: unknown): RegctlError {
  const problem = reason instanceof Error ? reason.message : String(reason);
  return new RegctlError("HOST_FILE_FAILED", { host: "localhost", path, problem }, { cause: reason });
}
