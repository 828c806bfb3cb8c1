/**
 * Bundles src/main.ts and everything it needs into dist/, so that the package has no dependencies to install.
 * What is loaded late stays in files of its own.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const repository = fileURLToPath(new URL("..", import.meta.url));

/** CommonJS inside the bundle calls `require` and `__dirname`, which ECMAScript modules do not have. */
const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  'import { dirname as __dirnameOf } from "node:path";',
  'import { fileURLToPath as __toPath } from "node:url";',
  "const require = __createRequire(import.meta.url);",
  "const __filename = __toPath(import.meta.url);",
  "const __dirname = __dirnameOf(__filename);",
].join("\n");

/** Replaces the folder `outdir`. */
export async function bundle(outdir = join(repository, "dist")): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: repository,
    // The second is the program of a thread, which is started by its file.
    entryPoints: { main: "src/main.ts", "bcrypt-thread": "src/system/bcrypt-thread.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    mainFields: ["module", "main"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    banner: { js: banner },
    // Native parts that ssh2 can do without, and what oclif looks for only in development.
    external: ["*.node", "cpu-features", "typescript", "pnpapi"],
    logLevel: "warning",
  });
}

if (import.meta.main) await bundle();
