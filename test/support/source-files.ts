/** The source files of the repository and what they import, found with expressions that fit how we write them. */
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { posix } from "node:path";
import { repository } from "./run-cli.ts";

export interface Import {
  /** A path from the root of the repository, or a package or `node:` name as written. */
  readonly target: string;
  /** `import type` and `export type … from`: gone at run time. */
  readonly typeOnly: boolean;
  /** `import(…)`: loaded when it is reached. */
  readonly dynamic: boolean;
}

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const staticImport = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const dynamicImport = /(typeof\s+)?\bimport\(\s*"([^"]+)"/g;

function resolveTarget(from: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}

export function parseImports(path: string, text: string): readonly Import[] {
  const statics = [...text.matchAll(staticImport)].map(([, type, specifier = ""]) => ({
    target: resolveTarget(path, specifier),
    typeOnly: type !== undefined,
    dynamic: false,
  }));
  const dynamics = [...text.matchAll(dynamicImport)].map(([, type, specifier = ""]) => ({
    target: resolveTarget(path, specifier),
    typeOnly: type !== undefined,
    dynamic: true,
  }));
  return [...statics, ...dynamics];
}

export async function readSourceFiles(...patterns: readonly string[]): Promise<readonly SourceFile[]> {
  const paths: string[] = [];
  for (const pattern of patterns) {
    for await (const path of glob(pattern, { cwd: repository })) paths.push(path);
  }
  return paths.sort().map((path) => {
    const text = readFileSync(`${repository}/${path}`, "utf8");
    return { path, text, lines: text.split("\n").length - 1, imports: parseImports(path, text) };
  });
}
