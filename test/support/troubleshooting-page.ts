/** docs/troubleshooting.md, made of the table. Run as a program it writes the page. */
import { writeFile } from "node:fs/promises";
import { ownCauses } from "../../src/explain/messages/cause-codes.ts";
import { explainText } from "../../src/explain/messages/explain-text.ts";
import type { MessageRow } from "../../src/explain/messages/row.ts";
import { messageSections } from "../../src/explain/messages/table.ts";

const page = new URL("../../docs/troubleshooting.md", import.meta.url);

const introduction = `# Troubleshooting, by error text

What container programs say about registries, what it means, and what to type. The same table answers

\`\`\`
docker pull registry.example:5000/app:1 2>&1 | regctl doctor --explain -
\`\`\`

with host and port of your text filled in; it finds a message within a whole build log, a journal, JSON lines and the
output of \`kubectl describe\`. A text that is not in the table is said to be unknown: then \`regctl doctor HOST:PORT\`
looks for itself. Where several causes stand below a message, the most likely one comes first. The words in capitals are
the codes of \`--json\`: those of [exit-codes.md](exit-codes.md), and these:

| code | meaning |
| --- | --- |
${Object.entries(ownCauses)
  .map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  .join("\n")}
`;

const code = (text: string): string => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);

/** A remedy is a command, words before a command, or words. */
function renderRemedy(line: string): string {
  const [, words, command] = /^([A-Z][^:]*): (.+)$/.exec(line) ?? [];
  if (words !== undefined && command !== undefined) return `- ${words}: ${code(command)}`;
  return `- ${/^[A-Z]/.test(line) ? line : code(line)}`;
}

function renderRow({ says }: MessageRow): string {
  const causes = explainText(says).map(
    ({ code: id, message, remedies }) => `${message} (\`${id}\`)\n\n${remedies.map(renderRemedy).join("\n")}`,
  );
  return `### ${code(says)}\n\n${causes.join("\n\n")}\n`;
}

export function renderTroubleshooting(): string {
  const sections = messageSections.map(
    ({ title, rows }) => `## ${title}\n\n${rows.map(renderRow).join("\n")}`,
  );
  return `${introduction}\n${sections.join("\n")}`;
}

if (import.meta.main) await writeFile(page, renderTroubleshooting());
