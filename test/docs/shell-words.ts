/** A line as a shell would split it, as far as lines in documents go: quotes, pipes, redirections, substitutions. Pure. */

const token = /\s+|#.*|&&|\|\||[|;&]|\d*[<>]+(?:&\d)?|(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s|;&<>'"\\])+/y;

/** The words of each command in it, those of `$(…)` and `<(…)` too. Throws where a quote is not closed. */
export function splitCommands(line: string): readonly (readonly string[])[] {
  const inner: string[] = [];
  const outer = line.replace(/[$<]\(([^()]*)\)/g, (_, command: string) => {
    inner.push(command);
    return "SUBSTITUTED";
  });
  return [...splitFlat(outer), ...inner.flatMap(splitCommands)];
}

function splitFlat(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let isTarget = false;
  token.lastIndex = 0;
  while (token.lastIndex < line.length) {
    const at = token.lastIndex;
    const [text] = token.exec(line) ?? [];
    if (text === undefined) throw new Error(`no shell takes this from ${at}: ${line}`);
    if (/^(\s|#)/.test(text)) continue;
    if (/^[|;&]+$/.test(text)) commands.push([]);
    else if (/^\d*[<>]/.test(text)) isTarget = !/&\d$/.test(text);
    else if (isTarget) isTarget = false;
    else commands.at(-1)?.push(unquote(text));
  }
  return commands.filter((words) => words.length > 0);
}

function unquote(word: string): string {
  return word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, (_, single, double, escaped) => {
    return single ?? escaped ?? String(double).replace(/\\(["\\$])/g, "$1");
  });
}

/** How regctl is called. */
const callings: readonly (readonly [words: readonly string[], means: readonly string[]])[] = [
  [["regctl"], []],
  [["docker-regctl"], []],
  [["npx", "regctl"], []],
  [["npx", "docker-regctl"], []],
  [["docker", "regctl"], []],
  [["npm", "run", "-s", "regctl", "--"], []],
  [["npm", "run", "quickstart", "--"], ["quickstart"]],
  [["npm", "run", "quickstart"], ["quickstart"]],
];

/** What regctl gets of the words; null when they are for another program. */
function wordsForRegctl(words: readonly string[]): readonly string[] | null {
  const begin = words.findIndex((word) => word !== "sudo" && !/^[A-Z_]+=/.test(word));
  const typed = begin === -1 ? [] : words.slice(begin);
  for (const [calling, means] of callings) {
    if (calling.every((word, index) => typed[index] === word))
      return [...means, ...typed.slice(calling.length)];
  }
  return null;
}

/** Each call of regctl in the line. */
export function callsOfRegctl(line: string): readonly (readonly string[])[] {
  return splitCommands(line).flatMap((words) => {
    const own = wordsForRegctl(words);
    return own === null ? [] : [own];
  });
}
