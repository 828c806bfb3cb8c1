/**
 * What setup did to a host, kept on that host: one JSON file for each run, and the files as they were before. The
 * folder is 0700 and its files 0600, for configuration may hold proxy passwords.
 */
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { ChangeKind } from "./change-request.ts";
import { hostFileTimeoutMs, sha256 } from "./host-files.ts";
import type { Change, ChangePlan } from "./plan.ts";

export type JournalState = "begun" | "done" | "rolled-back" | "undone";

export interface JournalEdit {
  readonly path: string;
  readonly target: string;
  /** Null when there was no file, or there is none afterwards. */
  readonly beforeSha: string | null;
  readonly afterSha: string | null;
  /** The file as it was; null when there was none. */
  readonly backup: string | null;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly change?: Change;
  /** Made for it, innermost first. */
  readonly folders?: readonly string[];
}

export interface JournalEntry {
  readonly version: 1;
  /** Sorts by time. */
  readonly id: string;
  readonly at: string;
  /** Who ran regctl, as `user@machine`. */
  readonly by: string;
  readonly action: ChangeKind | "undo";
  /** As in `--engine`; Docker when left out, as journals of old do. */
  readonly engine?: string;
  /** Done by the login itself, below its own home. */
  readonly asLogin?: true;
  readonly registry: string;
  readonly state: JournalState;
  readonly edits: readonly JournalEdit[];
}

/** The readable entries, oldest first; a broken file is no entry. Pure. */
export function parseJournal(texts: Readonly<Record<string, string>>): readonly JournalEntry[] {
  return Object.entries(texts)
    .flatMap(([, text]) => parseEntry(text) ?? [])
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function parseEntry(text: string): JournalEntry | null {
  try {
    const entry = JSON.parse(text) as JournalEntry;
    return entry.version === 1 && Array.isArray(entry.edits) ? entry : null;
  } catch {
    return null;
  }
}

/** Entry for a plan that is about to run. Several edits of one file become one: first text to last text. Pure. */
export function journalEntryOf(
  plan: ChangePlan,
  about: Pick<JournalEntry, "id" | "at" | "by" | "action" | "registry"> & { readonly folder: string },
): JournalEntry {
  const edits = plan.phases.flatMap((phase) => phase.edits);
  const { folder, ...rest } = about;
  return {
    version: 1,
    ...rest,
    ...(plan.engine === undefined ? {} : { engine: plan.engine }),
    ...(plan.asLogin ? { asLogin: true as const } : {}),
    state: "begun",
    edits: edits.map((edit, index) => ({
      path: edit.path,
      target: edit.target,
      beforeSha: edit.before === null ? null : sha256(edit.before),
      afterSha: edit.after === null ? null : sha256(edit.after),
      backup: edit.before === null ? null : `${folder}/backups/${about.id}-${index}`,
      mode: edit.mode,
      uid: edit.uid,
      gid: edit.gid,
      ...(edit.change ? { change: edit.change } : {}),
      ...(edit.folders ? { folders: edit.folders } : {}),
    })),
  };
}

/** Exit code of our script: a file to be backed up is not there any more. */
const goneCode = 91;

// Arguments: folder, entry id, then one backup path for each text on standard input: JSON first, texts by length.
const recordScript = `
umask 077; folder=$1 id=$2; shift 2
mkdir -p "$folder/journal" "$folder/backups" || exit 1
chmod 700 "$folder" "$folder/journal" "$folder/backups" || exit 1
while [ $# -gt 0 ]; do
  [ -e "$1" ] || [ -e "$2" ] || exit ${goneCode}
  [ -e "$1" ] || { cp -p "$2" "$1.part" && chmod 600 "$1.part" && { [ "$(id -u)" != 0 ] || chown 0:0 "$1.part"; } && mv -f "$1.part" "$1" || { rm -f "$1.part"; exit 1; }; }
  shift 2
done
tmp="$folder/journal/.$id.part"
trap 'rm -f "$tmp"' EXIT
cat > "$tmp" || exit 1
tail -c 2 "$tmp" | grep -q '}' || exit 1
sync "$tmp" 2>/dev/null || sync
mv -f "$tmp" "$folder/journal/$id.json" || exit 1
sync "$folder/journal" 2>/dev/null || sync
`;

/**
 * Writes an entry, and the backups that it names and that are not there yet, before the first change.
 * @throws RegctlError CHANGED_SINCE_PLANNED when a file to be backed up is gone, HOST_FILE_FAILED otherwise
 */
export async function writeEntry(root: Host, folder: string, entry: JournalEntry): Promise<void> {
  const backups = entry.state === "begun" ? firstEdits(entry).flatMap((e) => [e.backup ?? "", e.target]) : [];
  const result = await root.run(["sh", "-c", recordScript, "regctl-record", folder, entry.id, ...backups], {
    input: `${JSON.stringify(entry, null, 1)}\n`,
    timeoutMs: hostFileTimeoutMs,
  });
  if (result.code === 0) return;
  if (result.code === goneCode) {
    const gone = entry.edits.find((edit) => edit.backup !== null);
    throw new RegctlError("CHANGED_SINCE_PLANNED", { host: root.name, path: gone?.path ?? folder });
  }
  throw new RegctlError("HOST_FILE_FAILED", {
    host: root.name,
    path: folder,
    problem: result.stderr.toString("utf8").trim().split("\n").at(-1) || `exit code ${result.code}`,
  });
}

/** A file that is edited twice in one run is backed up as it was before the first. */
function firstEdits(entry: JournalEntry): readonly JournalEdit[] {
  const seen = new Set<string>();
  return entry.edits.filter((edit) => {
    const first = !seen.has(edit.target);
    seen.add(edit.target);
    return first && edit.backup !== null;
  });
}

const keptEntries = 20;

/** Ids of entries that nobody can take back any more, but for the newest twenty. Pure. */
export function expendableEntries(journal: readonly JournalEntry[]): readonly string[] {
  const ended = journal.filter(
    ({ action, state }) => action === "undo" || state === "undone" || state === "rolled-back",
  );
  return ended.slice(0, -keptEntries).map(({ id }) => id);
}

const pruneScript = 'cd "$1" || exit 1; shift; for id; do rm -f "journal/$id.json" "backups/$id"-*; done';

/** A host that is set up every night must not collect backups for ever. */
export async function pruneEntries(root: Host, folder: string, ids: readonly string[]): Promise<void> {
  const known = ids.filter((id) => /^[\w-]+$/.test(id));
  if (known.length === 0) return;
  await root.run(["sh", "-c", pruneScript, "regctl-prune", folder, ...known], {
    timeoutMs: hostFileTimeoutMs,
  });
}

/** Reads a backup; null when it is gone. */
export async function readBackup(root: Host, path: string): Promise<string | null> {
  const result = await root.run(["cat", path], { timeoutMs: hostFileTimeoutMs });
  return result.code === 0 ? result.stdout.toString("utf8") : null;
}
