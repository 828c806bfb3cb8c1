/**
 * A module of oclif loads all that it may ever need: its help, spinners, plugin loader, none of which a command of
 * ours uses; and so does every module with Node's own. In the bundle each loads another when it first needs it.
 */
import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** As TypeScript writes an import of CommonJS, with or without its helpers around. */
const ofTypeScript =
  /(?<=^|;|\n)(?:const|var) (\w+_\d+) = ((?:__importDefault\(|__importStar\()?require\("[^"]+"\)\)?);/g;

/**
 * As esbuild writes an import of one of Node's modules. Other files of the bundle are loaded at once: a server that runs
 * for months does not find them any more after an update.
 */
const ofEsbuild = /(?<=^|;|\n)var (import_\w+)=((?:__toESM\()?require\("[a-z][^"]+"\)(?:(?:,1)?\))?);/g;

/** As esbuild writes an import of CommonJS that is in the bundle. */
const ofCommonJs = /(?<=^|;|\n)var (import_\w+)=(__toESM\(require_\w+\(\)(?:,1)?\));/g;

/** Each import becomes a function that loads once, each use of it a call, which also `new x.Y()` can take. Pure. */
function makeLazy(code: string, written: RegExp): string {
  const names = [...code.matchAll(written)].map(([, name = ""]) => name);
  const called = names.reduce(
    (text, name) => text.replace(new RegExp(`\\b${name}\\.`, "g"), `(${name}()).`),
    code,
  );
  return called.replace(written, "let $1$$;const $1=()=>$1$$??=$2;");
}

/** For ECMAScript modules as esbuild has bundled them. */
export function loadCommonJsLate(code: string): string {
  return makeLazy(code, ofCommonJs);
}

/** For modules that esbuild has made into CommonJS. */
export function loadNodeLate(code: string): string {
  return makeLazy(code, ofEsbuild);
}

export const loadOclifLate: Plugin = {
  name: "load-oclif-late",
  setup(build) {
    build.onLoad({ filter: /[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => ({
      contents: makeLazy(await readFile(path, "utf8"), ofTypeScript),
      loader: "js",
    }));
  },
};
