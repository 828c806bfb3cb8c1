/** The answer to a press of the tab key. Nothing that goes wrong is told: the prompt is no place for it. */

import type { Request } from "./answer.ts";
import type { CommandResult } from "./base-command.ts";
import type { ProgramWords } from "./command-words.ts";
import { openQuietContext } from "./quiet-context.ts";

export async function completeLine(request: Request, source: ProgramWords): Promise<CommandResult> {
  const lines = await answerLine(request, source).catch(() => []);
  const raw = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  return { document: {}, raw, render: async () => () => [] };
}

async function answerLine(request: Request, source: ProgramWords): Promise<readonly string[]> {
  const [asked, ...rest] = request.argv;
  const context = openQuietContext(request);
  if (asked === "__complete") {
    const { answerCompletion } = await import("./completion/answer-completion.ts");
    return await answerCompletion(rest[0] === "--" ? rest.slice(1) : rest, source, context);
  }
  const { refreshNames } = await import("./completion/known-names.ts");
  const [registry = "", repository = ""] = rest;
  await refreshNames(registry, repository, context);
  return [];
}
