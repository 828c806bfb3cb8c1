import assert from "node:assert/strict";
import { test } from "node:test";
import { renderServe, renderServers } from "../../src/report/serve.ts";
import type { ServeOutcome } from "../../src/server/outcome.ts";

const looks = { color: false, unicode: false, columns: 80 };
const outcome: ServeOutcome = {
  url: "http://127.0.0.1:5000",
  registry: "127.0.0.1:5000",
  listen: "127.0.0.1:5000",
  storage: "/srv/registry",
  pid: 7,
  repositories: 1,
  blobs: 1,
  bytes: 2048,
  startedAt: "2026-11-23T12:00:00.000Z",
  auth: "none",
  anonymous: "all",
  readOnly: false,
  tls: null,
  log: null,
};

test("one is said as one, more as more", () => {
  const storageOf = (changes: Partial<ServeOutcome>) => {
    const item = { ...outcome, ...changes };
    return renderServers({ ...item, items: [item] }, looks)[1]?.trim();
  };
  assert.equal(storageOf({}), "storage: /srv/registry (1 repository, 1 blob, 2 KiB)");
  assert.equal(
    storageOf({ repositories: 0, blobs: 3 }),
    "storage: /srv/registry (0 repositories, 3 blobs, 2 KiB)",
  );
});

test("what to type next fits who may push, and from where it is reached", () => {
  const linesOf = (changes: Partial<ServeOutcome>) =>
    renderServe({ ...outcome, ...changes }, looks).join("\n");
  assert.match(
    linesOf({}),
    /regctl publish NAME:TAG 127\.0\.0\.1:5000\/NAME:TAG\n.*docker push.*\n.*\n.*\n +ssh -N -L 5000:/,
  );
  assert.match(linesOf({ auth: "htpasswd" }), /docker login 127\.0\.0\.1:5000/);
  assert.doesNotMatch(linesOf({ readOnly: true }), /push|publish NAME/);
  const open = linesOf({ registry: "web1:5000", listen: "0.0.0.0:5000" });
  assert.match(open, /regctl setup insecure web1:5000/);
  const tls = { ca: "/tls/ca.pem", fingerprint: "AB:CD", expires: "2027-12-01T00:00:00.000Z" };
  const secure = linesOf({ registry: "web1:5000", listen: "0.0.0.0:5000", tls });
  assert.doesNotMatch(secure, /insecure/);
  assert.match(
    secure,
    /^ +regctl setup trust web1:5000\n +regctl setup trust web1:5000 --fingerprint AB:CD --on /m,
  );
  assert.doesNotMatch(linesOf({ tls }), /setup trust/, "an engine takes loopback addresses as they are");
  assert.match(secure, /AB:CD/);
});
