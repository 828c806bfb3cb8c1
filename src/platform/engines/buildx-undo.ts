/** Builders made again without what setup gave them. */
import type { UndoRequest } from "../change-request.ts";
import { registriesOf, withoutChange } from "../formats/builder-toml.ts";
import { sha256 } from "../host-files.ts";
import { type JournalEdit, type JournalEntry, parseJournal } from "../journal.ts";
import { readHostFiles } from "../look-at.ts";
import { fileOf } from "../owner.ts";
import type { Expectation, FileEdit, Phase, Plan } from "../plan.ts";
import { standingEntries } from "../plan-undo.ts";
import { aboutBuildx, consentOf, isInsecureIn, phasesAgain, quiet } from "./buildx-plan.ts";
import { type BuildxSite, configOf, earlierOf, foldersAbove } from "./buildx-site.ts";
import type { EngineSite, Planned } from "./engine-kind.ts";
import { entriesOf } from "./own-undo.ts";

export async function undoBuildx(
  request: UndoRequest,
  site: EngineSite,
  look: BuildxSite,
  evidence: readonly string[],
): Promise<Planned> {
  const to = entriesOf("buildx", request, site.facts);
  const { entries, registry } = to;
  const seen = await withFilesOf(entries, site, look);
  const again = seen.builders.flatMap((builder) => {
    const text = builder.toml ?? "";
    const path = configOf(seen.folder, builder.name);
    const goal = changesOf(entries, path).reduce(
      (left, [was, became]) => withoutChange(left, was, became),
      text,
    );
    return goal === text ? [] : phasesAgain(seen, builder, goal);
  });
  const phases = [...again, ...cleaning(site, seen, entries, again)];
  const base = { ...aboutBuildx({ look: seen, evidence }), notes: [] };
  const told = seen.builders.some((builder) => isInsecureIn(builder, registry));
  const plan: Plan =
    phases.length === 0
      ? {
          ...base,
          kind: "nothing",
          why: told && entries.length === 0 ? "not-ours" : "not-there",
          detail: registry,
        }
      : {
          ...base,
          kind: "change",
          phases: phases.map((phase, at) =>
            at === again.length - 1 ? { ...phase, expect: goneFrom(again) } : phase,
          ),
          consents: consentOf(seen, phases),
        };
  return { plan, undoes: entries, registry };
}

/** Newest first. */
function changesOf(entries: readonly JournalEntry[], path: string): readonly (readonly [string, string])[] {
  const notes = entries
    .flatMap(({ edits }) => edits)
    .flatMap((edit) => (edit.path === path && edit.change?.note.kind === "whole" ? [edit.change.note] : []));
  return notes.reverse().map(({ before, after }) => [before ?? "", after ?? ""] as const);
}

async function withFilesOf(
  entries: readonly JournalEntry[],
  site: EngineSite,
  look: BuildxSite,
): Promise<BuildxSite> {
  const paths = entries.flatMap(({ edits }) => edits.map(({ path }) => path));
  const files = paths.length === 0 ? {} : await readHostFiles(site.host, [...new Set(paths)]);
  return { ...look, facts: { ...look.facts, files: { ...look.facts.files, ...files } } };
}

/** What no registry is left for goes: a builder's files with its last one, a certificate with its own. */
function cleaning(
  { facts: { journal } }: EngineSite,
  look: BuildxSite,
  undone: readonly JournalEntry[],
  again: readonly Phase[],
): readonly Phase[] {
  const ofBuildx = parseJournal(journal).filter(
    ({ engine, asLogin }) => engine === "buildx" && asLogin === true,
  );
  const left = standingEntries(ofBuildx).filter(({ id }) => undone.every((entry) => entry.id !== id));
  const stays = new Set(left.flatMap(({ edits }) => edits).map(({ path }) => folderOf(path, look)));
  const edits = undone.flatMap((entry) => entry.edits);
  const written = new Map(again.flatMap((phase) => phase.edits).map(({ path, after }) => [path, after]));
  const touched = new Set(edits.map(({ path }) => folderOf(path, look)));
  const kept = look.builders
    .filter(({ name }) => touched.has(name))
    .flatMap(({ name, certificates }) => [earlierOf(look.folder, name), ...Object.keys(certificates)]);
  const paths = new Set([...edits.map(({ path }) => path), ...written.keys(), ...kept]);
  const removed = [...paths]
    .filter((path) => !stays.has(folderOf(path, look)))
    .flatMap((path) => {
      const text = written.get(path) ?? fileOf(look.facts, path).text;
      return text === null || !isOurs(path, text, edits, look) ? [] : [removal(look, path, text)];
    });
  return removed.length === 0 ? [] : [quiet("take the files away", removed)];
}

/** A builder's own, or that of a registry's certificates. */
function folderOf(path: string, { folder }: BuildxSite): string {
  const [first = "", second = ""] = path.slice(folder.length + 1).split("/");
  return first === "certs" ? `certs/${second}` : first;
}

/** A builder's files are nobody else's; a certificate is as long as its bytes are. */
function isOurs(path: string, text: string, edits: readonly JournalEdit[], { folder }: BuildxSite): boolean {
  const now = sha256(text);
  return (
    !path.startsWith(`${folder}/certs/`) || edits.some((edit) => edit.path === path && edit.afterSha === now)
  );
}

function removal({ facts, folder }: BuildxSite, path: string, before: string): FileEdit {
  const { target, mode, uid, gid } = fileOf(facts, path);
  const secret = path.endsWith(".key") ? { secret: true as const } : {};
  return {
    path,
    target,
    before,
    after: null,
    mode,
    uid,
    gid,
    ...secret,
    folders: foldersAbove(folder, path),
  };
}

/** What none of the new texts says. */
function goneFrom(phases: readonly Phase[]): Expectation {
  const texts = phases.flatMap(({ edits }) => edits).filter(({ path }) => path.endsWith("/buildkitd.toml"));
  const registries = (text: string | null) =>
    Object.entries(registriesOf(text ?? ""))
      .filter(([, table]) => table.http === true && table.insecure === true)
      .map(([name]) => name);
  const left = texts.flatMap(({ after }) => registries(after));
  const gone = texts.flatMap(({ before }) => registries(before)).filter((name) => !left.includes(name));
  return { listed: Object.fromEntries(gone.map((name) => [name, false])) };
}
