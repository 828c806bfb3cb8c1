import { test } from "node:test";
import { startOwnRegistry } from "../support/own-registry.ts";
import { accept } from "./accept.ts";

test("every check of registry.sh holds with our own registry", async (context) => {
  await using registry = await startOwnRegistry();
  await accept(context, "registry.sh", { REGISTRY: registry.host });
});
