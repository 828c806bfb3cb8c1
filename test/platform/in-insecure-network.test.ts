import assert from "node:assert/strict";
import { test } from "node:test";
import { leadsIntoInsecureNetwork } from "../../src/platform/in-insecure-network.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";

const host = createLocalHost(spawn);

test("a name that leads to loopback is in the network that every engine lists", async () => {
  assert.equal(await leadsIntoInsecureNetwork(host, "localhost:5000", ["127.0.0.0/8", "::1/128"]), true);
  assert.equal(await leadsIntoInsecureNetwork(host, "localhost", ["127.0.0.0/8", "::1/128"]), true);
});

test("one that leads elsewhere, or nowhere, is not", async () => {
  assert.equal(
    await leadsIntoInsecureNetwork(host, "localhost:5000", ["192.0.2.0/24", "reg.test:5000"]),
    false,
  );
  assert.equal(await leadsIntoInsecureNetwork(host, "nobody.invalid:5000", ["127.0.0.0/8"]), false);
});
