import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check } from "../../src/doctor/check.ts";
import { checks } from "../../src/doctor/checks.ts";
import type { Facts } from "../../src/doctor/facts.ts";
import { type Finding, failed, ok, skipped, warning } from "../../src/doctor/finding.ts";
import { causeOf, judge } from "../../src/doctor/judge.ts";
import { outcomeOf } from "../../src/doctor/outcome.ts";

const trouble = { code: "NOT_HTTP", message: "It is wrong.", remedies: ["mend it"] } as const;
const nothing = {} as Facts;

function check(id: string, needs: readonly string[], finding: Finding | null): Check {
  return { id, needs, judge: () => finding };
}

test("what hangs on a failed check is not reached, nor what hangs on that", () => {
  const judged = judge(
    [
      check("one", [], ok("fine")),
      check("two", ["one"], failed(trouble)),
      check("three", ["two"], ok("fine")),
      check("four", ["three"], failed(trouble)),
      check("five", ["one"], ok("fine")),
    ],
    nothing,
  );
  assert.deepEqual(
    judged.map(({ id, finding }) => [id, finding.status, "hangsOn" in finding ? finding.hangsOn : null]),
    [
      ["one", "ok", null],
      ["two", "failed", null],
      ["three", "skipped", "two"],
      ["four", "skipped", "two"],
      ["five", "ok", null],
    ],
  );
});

test("a warning, a skip and what is left out keep nothing from being looked at", () => {
  const judged = judge(
    [
      check("warned", [], warning(trouble)),
      check("skipped", [], skipped("there is none")),
      check("left-out", [], null),
      check("last", ["warned", "skipped", "left-out"], ok("fine")),
    ],
    nothing,
  );
  assert.deepEqual(
    judged.map(({ id, finding }) => `${id} ${finding.status}`),
    ["warned warning", "skipped skipped", "last ok"],
  );
  assert.equal(causeOf(judged), null);
});

test("the cause is the first failure of the first host that has one", () => {
  const second = { ...trouble, message: "Another." };
  const judged = judge([check("a", [], failed(trouble)), check("b", [], failed(second))], nothing);
  const good = judge([check("a", [], ok("fine"))], nothing);
  const outcome = outcomeOf("reg.test:5000", [
    { host: "web1", judged: good },
    { host: "web2", judged },
  ]);
  assert.equal(outcome.ok, false);
  assert.deepEqual(outcome.cause, { ...trouble, check: "a", host: "web2" });
  assert.deepEqual(
    outcome.checks.map(({ host, id, status }) => `${host} ${id} ${status}`),
    ["web1 a ok", "web2 a failed", "web2 b failed"],
  );
});

test("checks have names of their own, and hang on those that come before them", () => {
  const seen = new Set<string>();
  for (const { id, needs } of checks) {
    assert.ok(!seen.has(id), id);
    for (const need of needs)
      assert.ok(seen.has(need), `${id} hangs on ${need}, which comes later or is not there`);
    seen.add(id);
  }
});
