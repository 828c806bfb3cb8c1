/**
 * Bundles src/main.ts and everything it needs into dist/, so that the package has no dependencies to install.
 * What is loaded late stays in files of its own.
 */
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, transform } from "esbuild";
import { loadSshLate } from "./late-ssh.ts";
import { loadCommonJsLate, loadNodeLate, loadOclifLate } from "./lazy-requires.ts";

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
    // The others are programs of threads, which are started by their files.
    entryPoints: {
      main: "src/main.ts",
      "bcrypt-thread": "src/system/bcrypt-thread.ts",
      "deflate-thread": "src/system/deflate-thread.ts",
    },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    mainFields: ["module", "main"],
    legalComments: "linked",
    plugins: [loadOclifLate, loadSshLate],
    // What oclif looks for only in development.
    external: ["typescript", "pnpapi"],
    write: false,
  });
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const hash = createHash("sha256");
  for (const { path, text } of outputFiles) {
    const content = path.endsWith(".js") ? await toCommonJs(text, basename(path)) : text;
    hash.update(content);
    await writeFile(path, content);
  }
  // What is compiled of it is kept under that name.
  const about = { type: "commonjs", build: hash.digest("hex").slice(0, 16) };
  await writeFile(join(outdir, "package.json"), `${JSON.stringify(about)}\n`);
}

const moduleUrl = 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;';

/**
 * An ECMAScript module that imports one of Node's own has every part of it loaded, a fifth of a short command; only
 * such modules can be split by esbuild, so each is made into a CommonJS one afterwards.
 */
async function toCommonJs(code: string, sourcefile: string): Promise<string> {
  const { code: result } = await transform(loadCommonJsLate(code), {
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
