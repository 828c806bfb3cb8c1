/** Every command line of ours that a document, a help text or an example shows. */
import { glob, readFile } from "node:fs/promises";
import manifest from "../../oclif.manifest.json" with { type: "json" };
import { helpPages } from "../../src/command-table.ts";
import { renderPage } from "../../src/report/help-pages.ts";
import { repository } from "../support/run-cli.ts";
import { callsOfRegctl } from "./shell-words.ts";

export interface DocumentedLine {
  /** `README.md:12`, `help tunnels`, `copy --help`. */
  readonly where: string;
  /** As it is typed, without the prompt, and without a comment behind it. */
  readonly line: string;
  /** It stands in what a command prints: the example is the command, not this. */
  readonly printed: boolean;
}

interface Page {
  readonly path: string;
  readonly text: string;
}

export async function readPages(): Promise<readonly Page[]> {
  const paths: string[] = [];
  for await (const path of glob(["README.md", "docs/**/*.md"], { cwd: repository })) paths.push(path);
  return await Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(`${repository}/${path}`, "utf8") })),
  );
}

export async function readDocumentedLines(): Promise<readonly DocumentedLine[]> {
  return [...(await readPages()).flatMap(linesOfPage), ...linesOfHelp(), ...linesOfExamples()];
}

/** Lines of fenced blocks; in those of `console` what is typed stands behind a `$`. */
export function linesOfPage({ path, text }: Page): readonly DocumentedLine[] {
  const found: DocumentedLine[] = [];
  let language: string | null = null;
  const all = text.split("\n");
  for (let index = 0; index < all.length; index += 1) {
    const [, fence] = /^ *```(.*)$/.exec(all[index] ?? "") ?? [];
    if (fence !== undefined) language = language === null ? fence.trim() : null;
    else if (language !== null && language !== "json") {
      const where = `${path}:${index + 1}`;
      let typed = (all[index] ?? "").trim();
      while (typed.endsWith("\\")) {
        index += 1;
        typed = `${typed.slice(0, -1).trimEnd()} ${(all[index] ?? "").trim()}`;
      }
      const prompted = typed.startsWith("$ ");
      const printed = language === "console" && !prompted;
      const line =
        (printed ? shownIn(typed) : prompted ? typed.slice(2) : typed)?.replace(/\s+# .*$/, "") ?? null;
      if (line !== null && callsOfRegctl(line).length > 0) found.push({ where, line, printed });
    }
  }
  return found;
}

/** What a command tells people to type. */
function shownIn(printed: string): string | null {
  return /(?:^|[:→] |\s{2})((?:docker )?regctl [a-z].*)$/.exec(printed)?.[1] ?? null;
}

function linesOfHelp(): readonly DocumentedLine[] {
  return Object.keys(helpPages).flatMap((page) =>
    renderPage(page, { columns: 80, color: false, unicode: true })
      .filter((line) => line.startsWith("  $ "))
      .map((line) => ({ where: `help ${page}`, line: line.slice(4), printed: false })),
  );
}

function linesOfExamples(): readonly DocumentedLine[] {
  return Object.entries(manifest.commands).flatMap(([id, { examples }]) => {
    const words = id.replaceAll(":", " ");
    return (examples ?? []).map((example) => ({
      where: `${words} --help`,
      line: example.replaceAll("<%= config.bin %>", "regctl").replaceAll("<%= command.id %>", words),
      printed: false,
    }));
  });
}
