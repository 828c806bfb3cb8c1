/** The way back from a change: the same phases for a rollback (what this run did) and an undo (what a run did). */
import { sameEntryOf } from "./engine-entry.ts";
import { emptied } from "./formats/daemon-json.ts";
import { keyTurnedBack } from "./formats/daemon-json-key.ts";
import { settingOf } from "./formats/format.ts";
import type { Activation, Change, Expectation, FileEdit, Phase } from "./plan.ts";
import type { Service } from "./platform.ts";

/** One file on its way back, or an entry on its way out. */
export interface Back {
  /** From the text that is there to the text that shall be. */
  readonly edit: FileEdit;
  /** Loaded before the final text, where a reload would not forget what the final text no longer says. */
  readonly forget: string | null;
  readonly activation: Activation;
  readonly expect: Expectation;
  /** A file that is all ours. */
  readonly own?: boolean;
}

/** The text to load first when a change is taken back by reload; null where one write does. */
export function forgettingText(current: string | null, change: Change): string | null {
  if (current === null || change.format !== "daemon.json") return null;
  if (change.purpose === "list")
    return emptied(current, settingOf(change.setting), change.entry, change.note);
  return change.purpose === "live-restore" ? keyTurnedBack(current, change.entry, false, change.note) : null;
}

/**
 * Texts that the engine never read come first, for a restart would read them; then restarts, so that containers
 * still live through them by a live-restore that is itself on its way out; then what goes by reload, in two writes
 * where the engine would not forget a missing key. Files of our own go last: until then nothing misses them.
 */
export function planBack(backs: readonly Back[]): readonly Phase[] {
  const order = ["none", "restart", "reload", "read", "command"] as const;
  const sorted = order.flatMap((kind) => backs.filter((back) => back.activation.kind === kind));
  const isOwn = ({ own }: Back): boolean => own === true;
  return [...sorted.filter((back) => !isOwn(back)), ...sorted.filter(isOwn)].flatMap((back) =>
    phasesBackOf(back, isOwn(back) ? "take the file away" : "take the entry away"),
  );
}

/** One change on its way back. */
export function phasesBackOf(back: Back, why: string): readonly Phase[] {
  const { edit, activation, expect, forget } = back;
  const edits = edit.before === edit.after ? [] : [edit];
  if (forget === null || activation.kind !== "reload") {
    return [{ why, edits, activation, expect }];
  }
  const loaded: FileEdit = { ...edit, after: forget };
  const final: FileEdit = { ...edit, before: forget };
  return [
    { why: "make the engine forget it", edits: edit.before === forget ? [] : [loaded], activation, expect },
    { why: "bring the text back", edits: [final], activation: { kind: "none" }, expect: { listed: {} } },
  ];
}

/**
 * Takes back phases of a run that could not be proved.
 * @param listedBefore what the engine listed before the run; such an entry need not vanish
 */
export function planRollback(
  phases: readonly Phase[],
  service: Service,
  listedBefore: readonly string[],
): readonly Phase[] {
  const backs = new Map<string, Back>();
  const bare: Phase[] = [];
  for (const phase of phases) {
    for (const edit of phase.edits)
      backs.set(edit.target, backOf(edit, phase.activation, backs.get(edit.target), listedBefore));
    if (phase.edits.length === 0 && phase.activation.kind === "restart")
      bare.push(restartOnly(phase.activation, service));
  }
  return [...planBack([...backs.values()].reverse()), ...bare];
}

function backOf(
  edit: FileEdit,
  activation: Activation,
  earlier: Back | undefined,
  listedBefore: readonly string[],
): Back {
  const { change, ...file } = edit;
  const before = earlier ? earlier.edit.after : edit.before;
  return {
    edit: { ...file, before: edit.after, after: before },
    forget: change ? forgettingText(edit.after, change) : null,
    activation: activation.kind === "none" && earlier ? earlier.activation : activation,
    expect: change ? expectGone(change, listedBefore) : { listed: {} },
    own: change?.purpose === "file",
  };
}

/** What an engine says once a change is taken back. */
export function expectGone(change: Change, listedBefore: readonly string[]): Expectation {
  if (change.purpose === "file") return { listed: {} };
  if (change.purpose === "unlist") return { listed: { [change.entry]: true } };
  if (change.purpose === "live-restore") return { listed: {}, liveRestore: false };
  const setting = settingOf(change.setting);
  const same = (listed: string) => sameEntryOf(setting, listed, change.entry);
  if (listedBefore.some(same)) return { listed: {} };
  return setting.key === "registry-mirrors"
    ? { listed: {}, mirrors: { [change.entry]: false } }
    : { listed: { [change.entry]: false } };
}

function restartOnly(activation: Activation, service: Service): Phase {
  const start = service.start ?? [];
  return {
    why: "bring the engine back",
    edits: [],
    activation: activation.kind === "restart" ? { ...activation, commands: start } : activation,
    expect: { listed: {} },
  };
}
