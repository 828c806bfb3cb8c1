/** Command lines of ours in a text, begun as the person begins them: `docker regctl`, `npx docker-regctl`. Pure. */
import type { RenderOptions } from "./terminal.ts";

/** Where `regctl` is a program to type and no name in a sentence: a word of ours, or a flag, stands behind it. */
const ownCommand =
  /(?<![\w./@-]|docker |npx )regctl(?= (?:COMMAND|help|completion|copy|delete|doctor|images|init|inspect|login|logout|ping|plugin|publish|pull|quickstart|search|serve|setup|tags|tunnel|use|--?[a-z]))/g;

/** Only for words of ours: what others have written is shown as they wrote it. */
export function asTyped(text: string, { program = "regctl" }: Pick<RenderOptions, "program">): string {
  return program === "regctl" ? text : text.replaceAll(ownCommand, () => program);
}

export function linesAsTyped(
  lines: readonly string[],
  options: Pick<RenderOptions, "program">,
): readonly string[] {
  return lines.map((line) => asTyped(line, options));
}
