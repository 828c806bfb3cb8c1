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
  /** A file that takes longer is killed, and fails by its name. */
  readonly fileTimeoutMs: number;
  readonly say: (line: string) => void;
}

interface Failure {
  readonly name: string;
  readonly details: { readonly error?: Error };
}

function hasType({ details: { error } }: Failure, type: string): boolean {
  return error !== undefined && "failureType" in error && error.failureType === type;
}

/** Node wraps what a test threw; the wrapping says nothing. */
function renderFailure({ name, details: { error } }: Failure): string {
  const thrown = error?.cause ?? error;
  return `  FAIL ${name}\n${inspect(thrown, { depth: 6 }).replaceAll(/^/gm, "       ")}`;
}

/** What a file told, kept together so that files running at once do not mix their lines. */
async function runFile(
  file: string,
  timeoutMs: number,
): Promise<Count & { readonly told: readonly string[] }> {
  const killer = new AbortController();
  const timer = setTimeout(() => killer.abort(), timeoutMs);
  const count = { passed: 0, failed: 0, skipped: 0 };
  const told: string[] = [];
  // One test that hangs is named before the whole file is killed.
  const timeout = Math.round(timeoutMs * 0.7);
  const events = run({ files: [file], isolation: "process", signal: killer.signal, timeout });
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") told.push(`       ${data.message.trimEnd()}`);
    if (type === "test:pass" && data.details.type !== "suite") {
      if (data.skip === undefined && data.todo === undefined) count.passed += 1;
      else {
        count.skipped += 1;
        told.push(`  skipped: ${data.name} (${data.skip ?? data.todo})`);
      }
    }
    // A suite fails when one of its tests does: said once is enough.
    if (type === "test:fail" && !hasType(data, "subtestsFailed")) {
      count.failed += 1;
      const late = hasType(data, "testAborted") && killer.signal.aborted;
      told.push(
        late ? `  FAIL it did not end within ${timeoutMs / 1000} s and was killed` : renderFailure(data),
      );
    }
  }
  clearTimeout(timer);
  return { ...count, told };
}

export async function runFiles(files: readonly string[], options: RunFilesOptions): Promise<Count> {
  const { concurrency, fileTimeoutMs, say } = options;
  const queue = [...files];
  const total = { passed: 0, failed: 0, skipped: 0 };
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const begin = performance.now();
      const { passed, failed, skipped, told } = await runFile(file, fileTimeoutMs);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      const verdict = failed > 0 ? "FAIL" : "ok  ";
      say(`${verdict} ${relative(process.cwd(), file)}: ${passed} passed, ${seconds} s`);
      for (const line of told) say(line);
      total.passed += passed;
      total.failed += failed;
      total.skipped += skipped;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return total;
}
