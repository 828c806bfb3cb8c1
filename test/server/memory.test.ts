import { describe } from "node:test";
import { createMemoryStorage } from "../../src/server/memory.ts";
import { storageContract } from "./storage.contract.ts";

describe("a storage in memory", () => storageContract({ open: async () => createMemoryStorage() }));
