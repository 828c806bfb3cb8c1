import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createTempHome } from "../support/temp-home.ts";
import { accept } from "./accept.ts";

test("every check of serve.sh holds", async (context) => {
  await using folder = await createTempHome();
  const damage = join(folder.path, "damage.sh");
  await writeFile(damage, 'printf x >>"$(find "$1/blobs" -type f | sort | head -n 1)"\n');
  await accept(context, "serve.sh", { DAMAGE: `sh ${damage}` });
});
