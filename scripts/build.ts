/**
 * Bundles src/main.ts and everything it needs into dist/, so that the package has no dependencies to install.
 * What is loaded late stays in files of its own.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, transform } from "esbuild";
import { loadNodeLate, loadOclifLate } from "./lazy-requires.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));

const common = {
  platform: "node",
  target: "node22",
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
} satisfies BuildOptions;

/** Replaces the folder `outdir`. */
export async function bundle(outdir = join(repository, "dist")): Promise<void> {
  const { outputFiles } = await build({
    ...common,
    absWorkingDir: repository,
    // The second is the program of a thread, which is started by its file.
    entryPoints: { main: "src/main.ts", "bcrypt-thread": "src/system/bcrypt-thread.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    mainFields: ["module", "main"],
    legalComments: "linked",
    plugins: [loadOclifLate],
    // Native parts that ssh2 can do without, and what oclif looks for only in development.
    external: ["*.node", "cpu-features", "typescript", "pnpapi"],
    write: false,
  });
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await writeFile(join(outdir, "package.json"), '{ "type": "commonjs" }\n');
  for (const { path, text } of outputFiles) {
    await writeFile(path, path.endsWith(".js") ? await toCommonJs(text, basename(path)) : text);
  }
}

const moduleUrl = 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;';

/**
 * An ECMAScript module that imports one of Node's own has every part of it loaded, a fifth of a short command; only
 * such modules can be split by esbuild, so each is made into a CommonJS one afterwards.
 */
async function toCommonJs(code: string, sourcefile: string): Promise<string> {
  const { code: result } = await transform(code, {
    ...common,
    // So that every import stays a statement of its own.
    minifySyntax: false,
    sourcefile,
    format: "cjs",
    legalComments: "inline",
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "__moduleUrl" },
    ...(code.includes("import.meta.url") ? { banner: moduleUrl } : {}),
    // What is odd in a library has been said when it was bundled, if anybody could do something about it.
    logLevel: "error",
  });
  return loadNodeLate(result);
}

if (import.meta.main) await bundle();
