/** Apache's htpasswd files, with bcrypt alone: its other kinds can be guessed too fast. Pure. */
import { RegctlError } from "../../errors.ts";

/** A user and the hash of their password, `$2y$10$…`. */
export type HtpasswdEntries = ReadonlyMap<string, string>;

const bcryptHash = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Each step doubles the work: more than this would take tens of seconds for one login. */
const highestCost = 16;

/** @throws RegctlError FILE_FAILED, with the number of the line */
export function parseHtpasswd(text: string, path: string): HtpasswdEntries {
  const entries = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const problem = addLine(line, entries);
    if (problem !== null) {
      throw new RegctlError("FILE_FAILED", { path, problem: `line ${index + 1}: ${problem}` });
    }
  }
  if (entries.size === 0) throw new RegctlError("FILE_FAILED", { path, problem: "it names no user" });
  return entries;
}

/** What is wrong with the line, without a word of what it holds. */
function addLine(line: string, entries: Map<string, string>): string | null {
  const colon = line.indexOf(":");
  if (colon <= 0) return "it is not USER:HASH";
  const user = line.slice(0, colon);
  const hash = line.slice(colon + 1).trimEnd();
  const cost = bcryptHash.exec(hash)?.[1];
  if (cost === undefined) return "its hash is not bcrypt's; htpasswd -B makes one";
  if (Number(cost) > highestCost) return `its cost is ${cost}; at most ${highestCost} is taken`;
  if (entries.has(user)) return "this user stands there twice";
  entries.set(user, hash);
  return null;
}
