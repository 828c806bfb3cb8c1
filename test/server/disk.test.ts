import { after, describe } from "node:test";
import type { DiskStorage } from "../../src/server/disk/disk-storage.ts";
import type { Storage } from "../../src/server/storage.ts";
import { createDiskWorld, type DiskWorld } from "./disk-world.ts";
import { storageContract } from "./storage.contract.ts";

describe("a storage on disk", () => {
  const worlds: DiskWorld[] = [];
  const worldOf = new Map<Storage, DiskWorld>();
  const remember = (world: DiskWorld, storage: DiskStorage): DiskStorage => {
    worldOf.set(storage, world);
    return storage;
  };
  after(() => Promise.all(worlds.map((world) => world[Symbol.asyncDispose]())));

  storageContract({
    open: async () => {
      const world = await createDiskWorld();
      worlds.push(world);
      return remember(world, await world.open());
    },
    reopen: async (storage) => {
      await storage.close();
      const world = worldOf.get(storage);
      if (world === undefined) throw new Error("no storage of this suite");
      return remember(world, await world.open());
    },
  });
});
