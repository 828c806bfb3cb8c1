import { testLines } from "./run-lines.ts";

await testLines("docs/", (where) => /^docs\/(?!guides\/|from-the-seed).*\.md:/.test(where));
