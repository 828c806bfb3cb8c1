/**
 * Which process of a far SSH server served a reverse forward of ours: written down, so that the next regctl finds it
 * when this one is killed while its connection is cut. Whoever writes holds the note for as long as it lives; so what
 * a note names is never the session of a tunnel that still runs.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { userPaths } from "../config/paths.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../engine/lenient-json.ts";
import type { Environment, Files } from "../ports.ts";
import type { FarSession } from "./far-session.ts";

export interface NotesWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  /** Takes a folder for this process alone, or says who has it. */
  holdFolder(): Promise<
    (path: string) => Promise<{ release(): Promise<void> } | { readonly heldBy: string }>
  >;
}

export interface SessionNotes {
  /** Who else has the note; null when it is ours. Then nothing is read, and nothing written. */
  readonly heldBy: string | null;
  /** Sessions that may be left over. */
  readonly sessions: readonly FarSession[];
  replace(sessions: readonly FarSession[]): Promise<void>;
  /** Lets others have it. */
  release(): Promise<void>;
}

/**
 * The note of `place`, a listener of a far host: `user@host:port 127.0.0.1:5000`. One that cannot be kept is done
 * without: it only costs patience after the next cut.
 */
export async function openNotes(place: string, world: NotesWorld): Promise<SessionNotes> {
  const state = userPaths(world.environment, world.home).state;
  const id = createHash("sha256").update(place).digest("hex").slice(0, 12);
  const folder = posix.join(state, "far-sessions", id);
  const path = posix.join(folder, "sessions.json");
  const write = (sessions: readonly FarSession[]) =>
    world.files
      .write(path, `${JSON.stringify({ place, sessions })}\n`, { mode: 0o600, durable: false })
      .catch(() => {});
  const text = await world.files.read(path).catch(() => null);
  let sessions = parseNotes(text?.toString("utf8") ?? "");
  // The folder comes with the file.
  if (text === null) await write([]);
  const hold = await (await world.holdFolder())(folder).catch(() => null);
  const heldBy = hold !== null && "heldBy" in hold ? hold.heldBy : null;
  const ours = hold !== null && "release" in hold ? hold : null;
  if (ours === null) sessions = [];
  return {
    heldBy,
    get sessions() {
      return sessions;
    },
    replace: async (wanted) => {
      sessions = wanted;
      if (ours !== null) await write(sessions);
    },
    release: async () => void (await ours?.release()),
  };
}

function parseNotes(text: string): readonly FarSession[] {
  return listOf(objectOf(parseJson(text)).sessions).flatMap((value) => {
    const { boot, pid, started } = objectOf(value);
    const session = { boot: textOf(boot), pid: numberOf(pid), started: textOf(started) };
    return session.boot === "" || session.pid < 2 || session.started === "" ? [] : [session];
  });
}
