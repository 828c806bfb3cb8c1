/** The words of a call, read by the parser that reads them in earnest; nothing is carried out. */
import manifest from "../../oclif.manifest.json" with { type: "json" };
import pjson from "../../package.json" with { type: "json" };
import type { Surroundings } from "../../src/base-command.ts";
import { commandTable, helpPages } from "../../src/command-table.ts";
import { createConfig } from "../../src/oclif.ts";
import { planRoute, type Route } from "../../src/route.ts";

const nobody: Surroundings = {
  environment: {},
  program: "regctl",
  signal: new AbortController().signal,
  stdin: () => process.stdin,
  stderr: process.stderr,
  onHangup: () => {},
  onSignal: () => {},
};

export function routeOf(words: readonly string[]): Route {
  return planRoute(words, {
    commands: Object.keys(manifest.commands),
    topics: Object.keys(pjson.oclif.topics),
    pages: Object.keys(helpPages),
  });
}

/** Throws what a person would be told: no such command, no such flag, a value that is none, a word too many. */
export async function parseWords(words: readonly string[]): Promise<void> {
  const route = routeOf(words);
  if (route.kind !== "command") return;
  const loaded = await commandTable[route.id]?.();
  if (loaded === undefined) throw new Error(`no module for command ${route.id}`);
  const command = new loaded.default([...route.argv], createConfig({ pjson } as never));
  Object.defineProperty(command, "execute", { value: async () => ({}) });
  await command.perform(nobody);
}
