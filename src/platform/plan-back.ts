/** The way back from a change: the same phases for a rollback (what this run did) and an undo (what a run did). */
import { sameEntry } from "./engine-entry.ts";
import { emptied } from "./formats/daemon-json.ts";
import { keyTurnedBack } from "./formats/daemon-json-key.ts";
import { insecureRegistries } from "./formats/format.ts";
import type { Activation, Expectation, FileEdit, ListChange, Phase } from "./plan.ts";
import type { Service } from "./platform.ts";

/** One file on its way back. */
export interface Back {
  /** From the text that is there to the text that shall be. */
  readonly edit: FileEdit;
  /** Loaded before the final text, where a reload would not forget what the final text no longer says. */
  readonly forget: string | null;
  readonly activation: Activation;
  readonly expect: Expectation;
}

/** The text to load first when a change is taken back by reload; null where one write does. */
export function forgettingText(current: string | null, change: ListChange): string | null {
  if (current === null || change.format !== "daemon.json") return null;
  return change.purpose === "list"
    ? emptied(current, insecureRegistries, change.entry, change.note)
    : keyTurnedBack(current, change.entry, false, change.note);
}

/**
 * Texts that the engine never read come first, for a restart would read them; then restarts, so that containers
 * still live through them by a live-restore that is itself on its way out; then what goes by reload, in two writes
 * where the engine would not forget a missing key.
 */
export function planBack(backs: readonly Back[]): readonly Phase[] {
  const order = ["none", "restart", "reload"] as const;
  return order.flatMap((kind) => backs.filter((back) => back.activation.kind === kind)).flatMap(phasesOf);
}

function phasesOf(back: Back): readonly Phase[] {
  const { edit, activation, expect, forget } = back;
  const edits = edit.before === edit.after ? [] : [edit];
  if (forget === null || activation.kind !== "reload") {
    return [{ why: "take the entry away", edits, activation, expect }];
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
  };
}

export function expectGone(change: ListChange, listedBefore: readonly string[]): Expectation {
  if (change.purpose === "live-restore") return { listed: {}, liveRestore: false };
  return listedBefore.some((listed) => sameEntry(listed, change.entry))
    ? { listed: {} }
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
