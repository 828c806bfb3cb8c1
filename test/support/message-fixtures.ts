/** Texts of container tools, each with the row of the table that knows it. */
import { readdirSync, readFileSync } from "node:fs";

export interface MessageFixture {
  readonly row: string;
  /** As it stands in commands; HOST:PORT where the text does not name one. */
  readonly registry: string;
  /** Program and fault, or where the wording is from. */
  readonly source: string;
  readonly text: string;
}

const folder = new URL("../fixtures/messages/", import.meta.url);

/** All files of test/fixtures/messages. Throws where a block has no name. */
export function readMessageFixtures(): readonly MessageFixture[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) => readBlocks(readFileSync(new URL(name, folder), "utf8")));
}

function readBlocks(content: string): readonly MessageFixture[] {
  const [head = "", ...blocks] = content.split(/^=== /m);
  if (!head.includes("# SOURCE: ")) throw new Error("a fixture file begins with its SOURCE");
  return blocks.map((block) => {
    const [, row, registry, source, text] = /^(\S+) (\S+) \| (.+)\n([\s\S]*)$/.exec(block) ?? [];
    if (row === undefined || registry === undefined || source === undefined || text === undefined) {
      throw new Error(`not a block: ${block.slice(0, 80)}`);
    }
    return { row, registry, source, text: text.trimEnd() };
  });
}
