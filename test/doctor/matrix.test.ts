/** For each planted fault doctor names that fault, first, and no other. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { doctorCodes } from "../../src/doctor/codes.ts";
import { openDoctorWorld } from "../support/doctor-world.ts";
import { createTlsAuthority, type TlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { faults } from "./faults.ts";

describe("planted faults", { skip: withoutOpenssl }, () => {
  let authority: TlsAuthority;
  before(async () => {
    authority = await createTlsAuthority();
  });
  after(async () => {
    await authority?.[Symbol.asyncDispose]();
  });

  for (const { name, check, code, status = "failed", plant } of faults) {
    test(`${name}: ${code}`, async () => {
      await using stack = new AsyncDisposableStack();
      const planted = await plant({ authority, use: (resource) => stack.use(resource) });
      const world = stack.use(await openDoctorWorld(planted.world));
      await planted.prepare?.(world);
      const outcome = await world.examine(planted.given, planted.options);
      const wrong = outcome.checks.filter((each) => each.status === "failed" || each.status === "warning");
      const named = wrong.map((each) => `${each.status} ${each.id} ${each.code}: ${each.message}`);
      assert.equal(wrong.length, 1, `${named.join("\n")}\n${JSON.stringify(outcome, null, 1)}`);
      const [only] = wrong;
      assert.deepEqual([only?.status, only?.id, only?.code], [status, check, code], named.join("\n"));
      assert.ok((only?.remedies ?? []).length > 0, "it says what to do");
      assert.equal(outcome.ok, status === "warning");
      assert.equal(outcome.cause?.code ?? null, status === "warning" ? null : code);
    });
  }
});

const page = await readFile(new URL("../../docs/doctor.md", import.meta.url), "utf8");

test("docs/doctor.md has every planted fault with the check and the code that name it", () => {
  const rows = [...page.matchAll(/^\| ([^|`]+) \| `([a-z-]+)` \| `([A-Z_]+)` \|/gm)].map((row) =>
    row.slice(1, 4).join(" | "),
  );
  assert.deepEqual(
    rows,
    faults.map(({ name, check, code }) => `${name} | ${check} | ${code}`),
  );
});

test("docs/doctor.md has every code of doctor's own, with what it means", () => {
  const told = [...page.matchAll(/^\| `([A-Z_]+)` \| (.{10,}) \|$/gm)].map(([, code, words]) => [
    code,
    words,
  ]);
  assert.deepEqual(told, Object.entries(doctorCodes));
});
