import { testLines } from "./run-lines.ts";

await testLines("examples of --help and help pages", (where) => !where.includes(".md:"));
