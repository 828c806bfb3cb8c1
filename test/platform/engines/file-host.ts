/** A host that is nothing but files and a few answers, and a site on it: what engines look at before they plan. */
import { readFileSync } from "node:fs";
import type { EngineSite } from "../../../src/platform/engines/engine-kind.ts";
import type { HostFacts } from "../../../src/platform/facts.ts";
import type { CommandResult, Host } from "../../../src/ports.ts";
import { frame, hostFacts } from "../hosts.ts";

export function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/platform/engines/${name}`, import.meta.url), "utf8");
}

export interface FileHostOptions {
  readonly files: Readonly<Record<string, string>>;
  /** By the name that scripts of ours have: `regctl-who`, `regctl-probe`, … */
  readonly answers?: Readonly<
    Record<string, Partial<Record<"stdout" | "stderr", string>> & { code?: number }>
  >;
}

function fileHost({ files, answers = {} }: FileHostOptions): Host {
  const unused = () => Promise.reject(new Error("nobody should open anything"));
  return {
    ...{ name: "host", local: false, open: unused, dial: unused },
    run: async (argv) => {
      const [, , , name = "", ...words] = argv;
      if (name === "regctl-look" && argv[2]?.includes("show()")) return result(framesOf(files, words));
      const { stdout = "", stderr = "", code = 0 } = answers[name] ?? {};
      return { ...result(Buffer.from(stdout)), stderr: Buffer.from(stderr), code };
    },
  };
}

const result = (stdout: Buffer): CommandResult => ({ code: 0, stdout, stderr: Buffer.alloc(0) });

function framesOf(files: FileHostOptions["files"], words: readonly string[]): Buffer {
  const all = Object.keys(files);
  const shown = words.flatMap((word) => {
    if (word.endsWith("//")) return all.filter((path) => isIn(word.slice(0, -1), path, 2));
    return word.endsWith("/") ? all.filter((path) => isIn(word, path, 1)) : [word];
  });
  const frames = [...new Set(shown)].flatMap((path) => {
    const text = files[path];
    if (text !== undefined)
      return [frame("file", `${path}|${path}|present|644|0|0|0`), frame("content", text)];
    const isFolder = all.some((each) => each.startsWith(`${path}/`));
    return [frame("file", `${path}|${path}|${isFolder ? "unreadable|755" : "absent|"}|0|0|0`)];
  });
  return Buffer.concat([...frames, frame("end", "ok")]);
}

function isIn(folder: string, path: string, depth: number): boolean {
  return path.startsWith(folder) && path.slice(folder.length).split("/").length === depth;
}

/** As root unless `root` is null; no Docker there. */
export function siteOf(
  options: FileHostOptions & { readonly facts?: Partial<HostFacts>; readonly isLogin?: boolean },
): EngineSite {
  const host = fileHost(options);
  const { isLogin = false, facts = {} } = options;
  return {
    host,
    root: isLogin ? null : host,
    engine: null,
    facts: hostFacts({
      ...{ engine: null, daemons: [], unit: null, socketExists: false, home: "/home/ann" },
      ...(isLogin ? { user: "ann", rights: "none" as const } : {}),
      ...facts,
    }),
    close: async () => {},
  };
}
