/** Whether a line that begins with `regctl` is a command of ours: its name, its flags and the number of its words. */
import { commandTable } from "../../src/command-table.ts";

/** A sentence, or null when the line can be run. Words in capitals are for the reader to fill in. */
export async function problemOf(line: string): Promise<string | null> {
  const [, ...words] =
    line
      .split(/ (?:&&|\||<)|[;<]/)[0]
      ?.trim()
      .split(/ +/) ?? [];
  const id = [`${words[0]}:${words[1]}`, `${words[0]}`].find((name) => name in commandTable);
  const load = id === undefined ? undefined : commandTable[id];
  if (id === undefined || load === undefined) return `there is no command ${words.slice(0, 2).join(" ")}`;
  const { default: command } = await load();
  const flags = new Map(Object.entries(command.flags ?? {}));
  const args = Object.values(command.args ?? {});
  let given = 0;
  const rest = words.slice(id.split(":").length);
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? "";
    if (!word.startsWith("--")) {
      given += 1;
      continue;
    }
    const flag = flags.get(word.slice(2).split("=")[0] ?? "");
    if (flag === undefined) return `${id} has no ${word}`;
    if (flag.type === "option" && !word.includes("=")) index += 1;
  }
  const least = args.filter(({ required }) => required === true).length;
  if (given < least) return `${id} needs ${least} words`;
  const several = "strict" in command && command.strict === false;
  return given > args.length && !several ? `${id} takes ${args.length} words` : null;
}
