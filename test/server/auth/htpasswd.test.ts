import assert from "node:assert/strict";
import { test } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import { parseHtpasswd } from "../../../src/server/auth/htpasswd.ts";

const hash = `$2y$05$${"a".repeat(53)}`;

test("users and hashes, whatever wrote the file", () => {
  const text = `# team\r\nalice:${hash}\r\n\r\nbob:${hash.replace("2y", "2a")}\ncarol:${hash.replace("2y", "2b")}`;
  const entries = parseHtpasswd(text, "/f");
  assert.deepEqual([...entries.keys()], ["alice", "bob", "carol"]);
  assert.equal(entries.get("alice"), hash);
});

// Kinds of hashes as `htpasswd -m`, `-s`, `-d`, `-p` and `-5` of Apache 2.4 write them.
for (const [line, problem] of [
  ["bob:$apr1$abcdefgh$aaaaaaaaaaaaaaaaaaaaa1", /line 2: its hash is not bcrypt's/],
  ["bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", /line 2: its hash is not bcrypt's/],
  ["bob:rqXexS6ZhobKA", /line 2: its hash is not bcrypt's/],
  ["bob:plain", /line 2: its hash is not bcrypt's/],
  ["bob:$6$salt$aaaa", /line 2: its hash is not bcrypt's/],
  [`bob:${hash.replace("$05$", "$31$")}`, /line 2: its cost is 31/],
  ["bob", /line 2: it is not USER:HASH/],
  [`:${hash}`, /line 2: it is not USER:HASH/],
  [`alice:${hash}`, /line 2: this user stands there twice/],
] as const) {
  test(`refuses ${line.slice(0, 12)} by the number of its line, and shows nothing of it`, () => {
    assert.throws(
      () => parseHtpasswd(`alice:${hash}\n${line}\n`, "/f"),
      (error) => {
        assert.ok(isRegctlError(error, "FILE_FAILED"));
        assert.match(error.facts.problem, problem);
        assert.ok(!error.facts.problem.includes(line.split(":")[1] || "nothing to hide"));
        return true;
      },
    );
  });
}

test("a file without a user would lock everybody out", () => {
  assert.throws(
    () => parseHtpasswd("# nobody\n", "/f"),
    (error) => isRegctlError(error, "FILE_FAILED"),
  );
});
