import assert from "node:assert/strict";
import { test } from "node:test";
import { listServices, serviceId } from "../../src/service/running.ts";
import { createFiles } from "../../src/system/files.ts";

test("services are found in the folders of the user, of the usual unit, and of units with a name", async () => {
  const id = serviceId("/srv/registry");
  const unit = `regctl-serve-${id}`;
  const folders: Readonly<Record<string, readonly string[]>> = {
    "/home/me/.local/state/regctl/services": [`serve.${id}.1.sock`, `tunnel.${id}.2.sock`, "serve.x.log"],
    "/run/regctl/services": [`serve.${id}.3.sock`],
    "/run": ["regctl", unit, "regctl-serve-other", "lock"],
    [`/run/${unit}/services`]: [`serve.${id}.4.sock`],
    "/run/regctl-serve-other/services": [`serve.${id}.5.sock`],
  };
  const files = { ...createFiles(), list: async (path: string) => [...(folders[path] ?? [])] };
  const world = { environment: {}, home: "/home/me", files, maySave: () => ({ ok: true }) as const };
  const found = await listServices("serve", world);
  assert.deepEqual(
    found.map(({ socket, pid }) => [socket, pid]),
    [
      [`/home/me/.local/state/regctl/services/serve.${id}.1.sock`, 1],
      [`/run/regctl/services/serve.${id}.3.sock`, 3],
      [`/run/${unit}/services/serve.${id}.4.sock`, 4],
    ],
  );
});
