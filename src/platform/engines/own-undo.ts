/** Taking back what stands in files of setup's own, entry by entry of the journal. */
import { RegctlError } from "../../errors.ts";
import type { Host } from "../../ports.ts";
import type { UndoRequest } from "../change-request.ts";
import type { HostFacts } from "../facts.ts";
import { sha256 } from "../host-files.ts";
import { type JournalEdit, type JournalEntry, parseJournal, readBackup } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import { fileOf } from "../owner.ts";
import type { Activation, Expectation, FileEdit, Phase, Plan } from "../plan.ts";
import { entriesToUndo, standingEntries } from "../plan-undo.ts";
import { systemStoreOf } from "../trust/system-store.ts";
import type { EngineSite, Planned } from "./engine-kind.ts";

/**
 * What is left of a text without what one entry of the journal put there: null when nothing is and the file goes,
 * undefined when the text is not as setup writes it.
 */
export type Without = (text: string, entry: JournalEntry, edit: JournalEdit) => string | null | undefined;

export interface OwnUndo {
  readonly about: Pick<Plan, "host" | "platform" | "evidence" | "engine" | "engineVersion">;
  /** Where it would stand, for a plan that finds nothing. */
  readonly path: string;
  /** By the format of the change; a certificate goes when it is still the one that was put there. */
  readonly without: Readonly<Record<string, Without>>;
  readonly activation: Activation;
  /** The registry is told by others. */
  readonly toldByOthers: boolean;
  expect(after: ReadonlyMap<string, string | null>): Expectation;
}

/** Entries that an undo is about, and whether the login itself did them. */
export interface ToUndo {
  readonly registry: string;
  readonly entries: readonly JournalEntry[];
  readonly asLogin: boolean;
  readonly isLast: boolean;
  /** Folders that setup ever made: with the last file they go, whichever came first. */
  readonly folders: ReadonlySet<string>;
}

/** Those of everybody come before those of the login. Pure. */
export function entriesOf(engine: string, request: UndoRequest, facts: HostFacts): ToUndo {
  const journal = parseJournal(facts.journal).filter((entry) => (entry.engine ?? "docker") === engine);
  const standing = standingEntries(journal, request.registry ?? undefined);
  const last = standing.at(-1);
  const asLogin = request.registry === null ? last?.asLogin === true : standing.every((each) => each.asLogin);
  const ofScope = journal.filter((entry) => (entry.asLogin === true) === asLogin);
  const entries =
    request.registry === null
      ? ofScope.filter((entry) => entry === last)
      : entriesToUndo(ofScope, request.registry, request.kinds);
  const registry = request.registry ?? last?.registry ?? "";
  const folders = new Set(journal.flatMap(({ edits }) => edits.flatMap((edit) => edit.folders ?? [])));
  const isLast = request.registry === null;
  return { registry, entries, asLogin: asLogin && entries.length > 0, isLast, folders };
}

/**
 * @throws RegctlError UNDO_CHANGED_SINCE for `--last` after somebody's edit, NO_RIGHTS
 */
export async function planOwnUndo(to: ToUndo, site: EngineSite, own: OwnUndo): Promise<Planned> {
  const actor = to.asLogin ? site.host : (site.root ?? site.host);
  const edits = editsByPath(to.entries);
  const files = edits.size === 0 ? {} : await readHostFiles(actor, [...edits.keys()]);
  const facts = { ...site.facts, files: { ...site.facts.files, ...files } };
  const notes: string[] = [];
  const made: FileEdit[] = [];
  for (const [path, done] of edits) {
    const file = fileOf(facts, path);
    if (file.unreadable) throw noRights(facts, path);
    const goal = to.isLast
      ? await textBefore(actor, facts, path, done)
      : goalOf(file.text, done, own.without);
    if (goal === undefined) notes.push(`${path} was changed by others since setup put it there: it stays`);
    else if (goal !== file.text) made.push(editBack(facts, path, goal, to.folders));
  }
  const { about, path, toldByOthers } = own;
  const base = { ...about, owner: "file" as const, path: made[0]?.path ?? path, notes };
  const plan: Plan =
    made.length === 0
      ? { ...base, kind: "nothing", why: toldByOthers ? "not-ours" : "not-there", detail: to.registry }
      : { ...base, kind: "change", phases: phasesOf(made, own), consents: [] };
  const asLogin = to.asLogin ? { asLogin: true as const } : {};
  return { plan: { ...plan, ...asLogin }, undoes: to.entries, registry: to.registry };
}

type Done = readonly (readonly [JournalEntry, JournalEdit])[];

/** Newest first. */
function editsByPath(entries: readonly JournalEntry[]): ReadonlyMap<string, Done> {
  const all = entries.flatMap((entry) => entry.edits.map((edit) => [entry, edit] as const)).reverse();
  return Map.groupBy(
    all.filter(([, { change }]) => change !== undefined),
    ([, { path }]) => path,
  );
}

function goalOf(text: string | null, done: Done, without: OwnUndo["without"]): string | null | undefined {
  return done.reduce<string | null | undefined>((left, [entry, edit]) => {
    if (left === null || left === undefined) return left;
    return (without[edit.change?.format ?? ""] ?? withoutFile(done))(left, entry, edit);
  }, text);
}

/** A certificate is one of ours as long as its bytes are. */
function withoutFile(done: Done): Without {
  return (text) => {
    const now = sha256(text);
    return done.some(([, { afterSha }]) => afterSha === now) ? null : undefined;
  };
}

async function textBefore(actor: Host, facts: HostFacts, path: string, done: Done): Promise<string | null> {
  const [newest, oldest] = [done[0]?.[1], done.at(-1)?.[1]];
  const backup = oldest?.backup ?? null;
  const text = backup === null ? null : await readBackup(actor, backup);
  const isOurs = newest !== undefined && fileOf(facts, path).sha256 === newest.afterSha;
  if (isOurs && (backup === null || text !== null)) return text;
  const shown = backup ?? "(there was no file before)";
  throw new RegctlError("UNDO_CHANGED_SINCE", { host: facts.host, path, backup: shown });
}

function editBack(facts: HostFacts, path: string, after: string | null, made: ToUndo["folders"]): FileEdit {
  const { text: before, target, mode, uid, gid } = fileOf(facts, path);
  const above = [...made].filter((folder) => path.startsWith(`${folder}/`));
  const folders = above.toSorted((a, b) => b.length - a.length);
  const secret = path.endsWith(".key") ? { secret: true as const } : {};
  return {
    path,
    target,
    before,
    after,
    mode,
    uid,
    gid,
    ...secret,
    ...(folders.length > 0 ? { folders } : {}),
  };
}

/** What names a certificate goes before the certificate does. */
function phasesOf(made: readonly FileEdit[], own: OwnUndo): readonly Phase[] {
  const store = made.map(({ path }) => systemStoreOf(path)).find((each) => each !== undefined);
  const ofStore = made.filter(({ path }) => systemStoreOf(path) !== undefined);
  const ours = made.filter((edit) => !ofStore.includes(edit));
  const named = (edit: FileEdit) => (/\.(crt|cert|key)$/.test(edit.path) ? 1 : 0);
  const after = new Map(made.map(({ path, after: text }) => [path, text]));
  const why = "take it away";
  const first: Phase = {
    why,
    edits: ours.toSorted((a, b) => named(a) - named(b)),
    activation: own.activation,
    expect: own.expect(after),
  };
  const last: Phase[] = store
    ? [
        {
          why,
          edits: ofStore,
          activation: { kind: "command", commands: [store.collect] },
          expect: { listed: {} },
        },
      ]
    : [];
  return [...(ours.length > 0 ? [first] : []), ...last];
}

function noRights({ host, user }: HostFacts, path: string): RegctlError {
  return new RegctlError("NO_RIGHTS", { host, user, reason: `${path} cannot be read`, paste: [] });
}
