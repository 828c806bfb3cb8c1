/**
 * `npm test`: static checks, then everything in test/, then other people's clients and registries where Go can build
 * them, then the lab where it can run. Prints what fails as it fails, and ends with what passed, what was skipped and
 * why. `--only check|unit|interop|lab|long` takes one part; `long` runs only then.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Count, runFiles } from "./support/run-files.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));

interface PartResult extends Count {
  readonly name: string;
  /** Why it did not run at all. */
  readonly reason?: string;
  readonly seconds: number;
}

const nothing: Count = { passed: 0, failed: 0, skipped: 0 };

/** Reasons that are no fault: elsewhere the lab has no place. On Debian as root it must run. */
const labElsewhere = /^not (Linux|root|Debian)$/;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function runCheck(name: string, args: readonly string[]): Promise<boolean> {
  const path = `${repository}/node_modules/.bin/${name}`;
  const child = spawn(path, args, { cwd: repository, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  say(`${code === 0 ? "ok  " : "FAIL"} ${name}`);
  if (code !== 0) say(output);
  return code === 0;
}

async function runChecks(): Promise<Count> {
  const results = [
    await runCheck("biome", ["check", "--diagnostic-level=warn", "."]),
    await runCheck("tsc", ["--noEmit"]),
    await runCheck("knip", []),
  ];
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}

async function findFiles(pattern: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: repository })) files.push(`${repository}/${file}`);
  return files.sort();
}

async function runUnit(): Promise<Count> {
  const files = await findFiles("test/**/*.test.ts");
  return runFiles(files, { concurrency: 2, fileTimeoutMs: 180_000, say });
}

async function runInterop(): Promise<Count & { readonly reason?: string }> {
  const { openAllPeers, withoutGo } = await import("./interop/peers.ts");
  if (withoutGo !== false) return { ...nothing, skipped: 1, reason: withoutGo };
  try {
    await openAllPeers(say);
  } catch (error) {
    const reason = `a peer could not be built: ${String(error)}`;
    say(`FAIL interop: it must run where Go is, and did not: ${reason}`);
    return { ...nothing, failed: 1, reason };
  }
  const files = await findFiles("test/interop/**/*.interop.ts");
  return runFiles(files, { concurrency: 2, fileTimeoutMs: 300_000, say });
}

async function runLab(): Promise<Count & { readonly reason?: string }> {
  const { openLab } = await import("./lab/prerequisites.ts");
  const ability = await openLab(say);
  if (ability.can) {
    const files = await findFiles("test/lab/**/*.lab.ts");
    return runFiles(files, { concurrency: 2, fileTimeoutMs: 900_000, say });
  }
  const fault = !labElsewhere.test(ability.reason);
  if (fault) say(`FAIL lab: it must run on Debian as root, and did not: ${ability.reason}`);
  return { ...nothing, ...(fault ? { failed: 1 } : { skipped: 1 }), reason: ability.reason };
}

/** Minutes of images, cuts and other engines on hosts of the lab: only when they are asked for. */
async function runLong(): Promise<Count & { readonly reason?: string }> {
  const { openLab } = await import("./lab/prerequisites.ts");
  const ability = await openLab(say);
  if (!ability.can) return { ...nothing, failed: 1, reason: ability.reason };
  return runFiles(await findFiles(longFiles), { concurrency: 1, fileTimeoutMs: 1_800_000, say });
}

const longFiles = "test/lab/**/*.long.ts";

const parts = { check: runChecks, unit: runUnit, interop: runInterop, lab: runLab, long: runLong };

async function runPart(name: keyof typeof parts): Promise<PartResult> {
  say(`\n== ${name}`);
  const begin = performance.now();
  const result = await parts[name]();
  return { name, ...result, seconds: Math.round((performance.now() - begin) / 1000) };
}

function summarise(results: readonly PartResult[]): Count {
  say("\n== summary");
  for (const { name, passed, failed, skipped, reason, seconds } of results) {
    const why = reason === undefined ? "" : ` (did not run: ${reason})`;
    say(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s${why}`);
  }
  const total = (key: keyof Count) => results.reduce((sum, result) => sum + result[key], 0);
  const count = { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
  say(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count;
}

const { values } = parseArgs({ options: { only: { type: "string" } } });
const names = Object.keys(parts) as (keyof typeof parts)[];
const usual = names.filter((name) => name !== "long");
const chosen = values.only === undefined ? usual : names.filter((name) => name === values.only);
if (chosen.length === 0) {
  process.stderr.write(`--only takes one of ${names.join(", ")}\n`);
  process.exitCode = 2;
} else {
  const results: PartResult[] = [];
  for (const name of chosen) results.push(await runPart(name));
  const failed = summarise(results).failed;
  if (values.only === undefined) {
    const left = (await findFiles(longFiles)).map((file) => basename(file, ".long.ts"));
    say(`not run, since it takes a quarter of an hour: ${left.join(", ")} (npm run test:long)`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}
