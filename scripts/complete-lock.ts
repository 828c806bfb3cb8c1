/**
 * `npm install` writes into the lock file only those optional packages that its registry has at that moment, and
 * `npm ci` then refuses the file. A native package for another system is never fetched here, so its name, version
 * and system are all that the lock needs; they are read off its name.
 */
import { readFile, writeFile } from "node:fs/promises";

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  packages: Record<string, LockedPackage>;
}

const path = new URL("../package-lock.json", import.meta.url);

const systems = ["android", "darwin", "freebsd", "openharmony", "win32", "linux"];
const processors = ["arm64", "x64", "ia32", "ppc64", "riscv64", "s390x", "arm"];

/** Names of optional packages that a package of the lock asks for and the lock does not have, with the version. */
export function findMissing(lock: Lock): ReadonlyMap<string, string> {
  const asked = Object.entries(lock.packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {}).map(([name, version]) => ({ parent, name, version })),
  );
  const has = (parent: string, name: string) =>
    `node_modules/${name}` in lock.packages || `${parent}/node_modules/${name}` in lock.packages;
  return new Map(
    asked.filter(({ parent, name }) => !has(parent, name)).map(({ name, version }) => [name, version]),
  );
}

function describePackage(name: string, version: string): LockedPackage {
  const system = systems.find((each) => name.includes(each));
  const processor = processors.find((each) => new RegExp(`[-/]${each}`).test(name));
  const library = name.includes("musl") ? "musl" : system === "linux" ? "glibc" : undefined;
  return Object.assign(
    { version },
    processor && { cpu: [processor] },
    { dev: true },
    library && { libc: [library] },
    { optional: true },
    system && { os: [system] },
  );
}

if (import.meta.main) {
  const lock = JSON.parse(await readFile(path, "utf8")) as Lock;
  for (const [name, version] of findMissing(lock)) {
    lock.packages[`node_modules/${name}`] = describePackage(name, version);
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  await writeFile(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
