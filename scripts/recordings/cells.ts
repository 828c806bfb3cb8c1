/** What a terminal shows, as data: rows of runs of text with their looks. Pure. */

export interface Look {
  /** 0–7 as the terminal numbers its colours, 8–15 the bright ones; null: its own. */
  readonly colour: number | null;
  readonly bold: boolean;
  readonly dim: boolean;
}

export interface Run extends Look {
  readonly text: string;
}

export type Row = readonly Run[];

const plain: Look = { colour: null, bold: false, dim: false };

// biome-ignore lint/suspicious/noControlCharactersInRegex: what tmux marks looks with
const sequence = /\u001b\[([0-9;]*)m/;

/** The look after one number of a sequence. @throws for a number that regctl's colours do not need */
function applyNumber(look: Look, number: number): Look {
  if (number === 0) return plain;
  if (number === 1) return { ...look, bold: true };
  if (number === 2) return { ...look, dim: true };
  if (number === 22) return { ...look, bold: false, dim: false };
  if (number === 39) return { ...look, colour: null };
  // The paper, which no picture changes.
  if (number === 49) return look;
  if (number >= 30 && number <= 37) return { ...look, colour: number - 30 };
  if (number >= 90 && number <= 97) return { ...look, colour: number - 82 };
  throw new Error(`a look that no picture has: ${number}`);
}

function applySequence(look: Look, numbers: string): Look {
  return numbers
    .split(";")
    .map((number) => (number === "" ? 0 : Number(number)))
    .reduce(applyNumber, look);
}

/** Reads what `tmux capture-pane -e -p` prints. A look goes on in the next row until something ends it. */
export function parseRows(captured: string): readonly Row[] {
  let look = plain;
  return captured.split("\n").map((line) => {
    const parts = line.split(sequence);
    const runs: Run[] = [];
    for (const [index, part] of parts.entries()) {
      if (index % 2 === 1) look = applySequence(look, part);
      else if (part !== "") runs.push({ ...look, text: part });
    }
    return runs;
  });
}

export function textOf(row: Row): string {
  return row
    .map(({ text }) => text)
    .join("")
    .trimEnd();
}

/** Without the empty rows at the end. */
export function trimRows(rows: readonly Row[]): readonly Row[] {
  const last = rows.findLastIndex((row) => textOf(row) !== "");
  return rows.slice(0, last + 1);
}
