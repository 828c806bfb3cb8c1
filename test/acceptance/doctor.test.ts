import { test } from "node:test";
import { startDoctorEngine } from "../support/doctor-world.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { accept } from "./accept.ts";

test("every check of doctor.sh holds with our own registry and an engine that knows it", async (context) => {
  await using registry = await startOwnRegistry();
  const engine = await startDoctorEngine({});
  try {
    const DOCKER_HOST = `unix://${engine.socketPath}`;
    await accept(context, "doctor.sh", { REGISTRY: registry.host, DOCKER_HOST });
  } finally {
    await engine.close();
  }
});
