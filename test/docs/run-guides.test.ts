import { testLines } from "./run-lines.ts";

await testLines("README.md and guides", (where) =>
  /^(README|docs\/guides\/.*|docs\/from-the-seed)\.md:/.test(where),
);
