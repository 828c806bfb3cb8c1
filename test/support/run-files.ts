/** Runs test files, each in its own process, and tells only what is worth reading: a line per file, and failures. */
import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface RunFilesOptions {
  /** How many files at once. */
  readonly concurrency: number;
  /** A file that takes longer is ended, and fails by its name. */
  readonly fileTimeoutMs: number;
  readonly say: (line: string) => void;
}

/** What Node's runner tells about one test; the parts of it that are used here. */
interface TestEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: { readonly type?: string; readonly error?: Error; readonly duration_ms: number };
}

interface FileTally {
  passed: number;
  failed: number;
  readonly skipped: string[];
}

/** A suite fails when one of its tests does: said once is enough. */
const echo = "subtestsFailed";

function isOwnFailure({ details }: TestEvent): boolean {
  const { error } = details;
  return !(error !== undefined && "failureType" in error && error.failureType === echo);
}

function tellFailure(event: TestEvent, file: string, say: (line: string) => void): void {
  const cause = event.details.error?.cause ?? event.details.error;
  say(`FAIL ${file}: ${event.name}`);
  const text = cause instanceof Error && cause.stack !== undefined ? cause.stack : inspect(cause);
  const difference = text.includes("\n+ actual - expected") ? "" : `\n${inspect(cause, { depth: 4 })}`;
  say((text + difference).replaceAll(/^/gm, "     "));
}

export async function runFiles(files: readonly string[], options: RunFilesOptions): Promise<Count> {
  const { concurrency, fileTimeoutMs: timeout, say } = options;
  const tallies = new Map<string, FileTally>();
  const named = (event: { readonly file?: string }) => relative(process.cwd(), event.file ?? "?");
  const tallyOf = (event: { readonly file?: string }): FileTally => {
    const file = named(event);
    const tally = tallies.get(file) ?? { passed: 0, failed: 0, skipped: [] };
    tallies.set(file, tally);
    return tally;
  };

  for await (const { type, data } of run({ files: [...files], concurrency, timeout, isolation: "process" })) {
    if (type === "test:pass" && data.details.type !== "suite") {
      const tally = tallyOf(data);
      if (data.skip === undefined && data.todo === undefined) tally.passed += 1;
      else tally.skipped.push(`${data.name} (${data.skip ?? data.todo})`);
    } else if (type === "test:fail" && isOwnFailure(data)) {
      tallyOf(data).failed += 1;
      tellFailure(data, named(data), say);
    } else if (type === "test:stderr" || type === "test:stdout") {
      say(`     ${data.message.trimEnd()}`);
    } else if (type === "test:summary" && data.file !== undefined) {
      const { passed, failed, skipped } = tallyOf(data);
      say(
        `${failed === 0 ? "ok  " : "FAIL"} ${named(data)}: ${passed} passed, ${Math.round(data.duration_ms)} ms`,
      );
      for (const name of skipped) say(`     skipped: ${name}`);
    }
  }
  const all = [...tallies.values()];
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    skipped: all.reduce((sum, { skipped }) => sum + skipped.length, 0),
  };
}
