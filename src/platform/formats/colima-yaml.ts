/**
 * `colima.yaml`, of which Colima makes its virtual machine. What stands below `docker:` becomes the `daemon.json` in
 * there at each start. It is a person's file: single values come and go, everything else stays as it is. Pure.
 * @see https://github.com/abiosoft/colima/blob/main/embedded/defaults/colima.yaml
 */
import { engineWouldRefuse } from "../engine-entry.ts";
import {
  broken,
  type Leaf,
  type ListFormat,
  type Listing,
  misuse,
  type Setting,
  type UndoNote,
  unchanged,
} from "./format.ts";
import { addLeaves, removeLeaves } from "./yaml-leaves.ts";
import { readYaml, takeOut } from "./yaml-text.ts";

export const colimaYaml: ListFormat = { name: "colima.yaml", read, add, remove };

const leafOf = (setting: Setting, entry: string): Leaf => ({ path: ["docker", setting.key], item: entry });

function read(text: string | null, setting: Setting): Listing {
  if (text === null) return broken("", 0, "there is no such file: name Colima's folder by COLIMA_HOME");
  const { value, problem } = readYaml(text);
  if (problem) return { entries: [], present: false, problem };
  const engine = mapOf(mapOf(value)?.docker);
  const list = engine?.[setting.key];
  const at = Math.max(0, text.search(/^docker\s*:/m));
  if (engine === null) return broken(text, at, "docker is no map");
  if (list !== undefined && list !== null && !Array.isArray(list)) {
    return broken(text, at, `${setting.key} is no list`);
  }
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  for (const item of items) {
    const refused = typeof item === "string" ? engineWouldRefuse(item, setting) : "it is not a string";
    if (refused !== null) {
      return broken(text, at, `the engine refuses the entry ${JSON.stringify(item)}: ${refused}`);
    }
  }
  if (addLeaves(text, [leafOf(setting, "probe.invalid")], []) === null) {
    return broken(text, at, "it is written so that nothing can be added to it by itself");
  }
  return { entries: items.map(String), present: list !== undefined };
}

function add(text: string | null, setting: Setting, entry: string, earlier: readonly UndoNote[] = []) {
  const { entries, problem } = read(text, setting);
  if (problem !== undefined) throw misuse("colima.yaml", problem);
  if (text !== null && entries.includes(entry)) return { text, note: unchanged };
  const made = addLeaves(text, [leafOf(setting, entry)], earlier);
  if (made === null) throw misuse("colima.yaml", { line: 1, column: 1, problem: "it takes no more" });
  return made;
}

function remove(text: string, setting: Setting, entry: string, note: UndoNote | undefined): string | null {
  const { problem } = read(text, setting);
  if (problem !== undefined) throw misuse("colima.yaml", problem);
  if (note?.kind === "leaves") return removeLeaves(text, note);
  return note?.kind === "unchanged" ? text : (takeOut(text, leafOf(setting, entry)) ?? text);
}

/** An empty one where nothing stands; null for what is no map. */
function mapOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (value === undefined || value === null) return {};
  return typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
}
