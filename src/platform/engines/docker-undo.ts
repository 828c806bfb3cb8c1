import { RegctlError } from "../../errors.ts";
import type { UndoRequest } from "../change-request.ts";
import type { HostFacts } from "../facts.ts";
import { type JournalEdit, type JournalEntry, parseJournal, readBackup } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import { fileOf } from "../owner.ts";
import { entriesToUndo, planUndo, standingEntries } from "../plan-undo.ts";
import type { OnPlatform } from "./docker.ts";
import type { EngineSite, Planned } from "./engine-kind.ts";

export async function planDockerUndo(
  request: UndoRequest,
  site: EngineSite,
  on: OnPlatform,
): Promise<Planned> {
  // One host can have an engine of root's and one of the login's own.
  const isOfLogin = on.home?.ofLogin === true;
  const journal = parseJournal(site.facts.journal).filter(
    ({ engine, asLogin }) => (engine ?? "docker") === "docker" && (asLogin === true) === isOfLogin,
  );
  const { registry } = request;
  if (registry === null) return await planLast(journal, site, on);
  const entries = entriesToUndo(journal, registry, request.kinds);
  const facts = await withFilesOf(entries, site);

  return { plan: planUndo({ ...on, registry, facts, entries }), undoes: entries };
}

/** The last change as a whole, byte for byte, when nobody touched its files since. */
async function planLast(
  journal: readonly JournalEntry[],
  site: EngineSite,
  on: OnPlatform,
): Promise<Planned> {
  const standing = standingEntries(journal);
  const facts = await withFilesOf(standing, site);
  const entry = standing.findLast((each) => tookPlace(each, facts));
  const registry = entry?.registry ?? "";
  // With it goes what an undo of it, cut short, had switched on for itself.
  const entries = entriesToUndo(journal, registry).filter((each) => each === entry || each.action === "undo");
  const texts = entry ? await textsBefore(site, facts, entry) : {};
  return { plan: planUndo({ ...on, registry, facts, entries, texts }), undoes: entries, registry };
}

/** Files of our own stand nowhere in the usual look at a host. */
async function withFilesOf(entries: readonly JournalEntry[], site: EngineSite): Promise<HostFacts> {
  const { facts } = site;
  const paths = entries.flatMap(({ edits }) => edits.map(({ path }) => path));
  const unseen = [...new Set(paths)].filter((path) => facts.files[path] === undefined);
  if (unseen.length === 0) return facts;
  const files = await readHostFiles(site.root ?? site.host, unseen);
  const hidden = Object.values(files).find(({ unreadable }) => unreadable);
  if (hidden) {
    const reason = `${hidden.path} cannot be read`;
    throw new RegctlError("NO_RIGHTS", { host: facts.host, user: facts.user, reason, paste: [] });
  }
  return { ...facts, files: { ...facts.files, ...files } };
}

/** A run that was ended before its first write changed nothing, nor did one that only loaded what stood there. */
function tookPlace(entry: JournalEntry, facts: HostFacts): boolean {
  const firsts = [...byTarget(entry).values()].map(({ first }) => first);
  const written = firsts.some((edit) => fileOf(facts, edit.path).sha256 !== edit.beforeSha);
  return firsts.length > 0 && (entry.state === "done" || written);
}

async function textsBefore(
  site: EngineSite,
  facts: HostFacts,
  entry: JournalEntry,
): Promise<Record<string, string | null>> {
  const texts: Record<string, string | null> = {};
  for (const [target, { first, last }] of byTarget(entry)) {
    const changed = () => {
      const backup = first.backup ?? "(there was no file before)";
      return new RegctlError("UNDO_CHANGED_SINCE", { host: facts.host, path: first.path, backup });
    };
    if (fileOf(facts, first.path).sha256 !== last.afterSha) throw changed();
    const before = first.backup === null ? null : await readBackup(site.root ?? site.host, first.backup);
    if (first.backup !== null && before === null) throw changed();
    texts[target] = before;
  }
  return texts;
}

function byTarget(entry: JournalEntry): ReadonlyMap<string, { first: JournalEdit; last: JournalEdit }> {
  const targets = new Map<string, { first: JournalEdit; last: JournalEdit }>();
  for (const edit of entry.edits) {
    targets.set(edit.target, { first: targets.get(edit.target)?.first ?? edit, last: edit });
  }
  return targets;
}
