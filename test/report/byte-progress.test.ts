import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createRates, renderAmount, renderBar, renderPace } from "../../src/report/byte-progress.ts";

const mib = 2 ** 20;

describe("amounts and pace", () => {
  for (const [done, total, words] of [
    [0, null, "0 B"],
    [mib, 4 * mib, "1 MiB of 4 MiB (25%)"],
    [5 * mib, 4 * mib, "4 MiB of 4 MiB (100%)"],
    [0, 0, "0 B"],
  ] as const) {
    test(words, () => assert.equal(renderAmount({ done, total }), words));
  }

  for (const [amount, rate, words] of [
    [{ done: mib, total: 4 * mib }, null, ""],
    [{ done: mib, total: 4 * mib }, mib, ", 1 MiB/s, 3s left"],
    [{ done: mib, total: 4 * mib }, 0, ", 0 B/s"],
    [{ done: 4 * mib, total: 4 * mib }, mib, ", 1 MiB/s"],
    [{ done: mib, total: null }, mib, ", 1 MiB/s"],
  ] as const) {
    test(`pace "${words}"`, () => assert.equal(renderPace(amount, rate), words));
  }

  test("a rate is of the last seconds, and falls when nothing comes", () => {
    let now = 0;
    const { note } = createRates(() => now);
    const at = (ms: number, done: number) => {
      now = ms;
      return note({ event: "bytes", host: "h", what: "w", done, total: null });
    };
    assert.deepEqual([at(0, 0), at(100, 10), at(1000, 1000)], [null, null, 1000]);
    assert.equal(at(9000, 1000), 0);
    assert.equal(at(30_000, 22_000), 1000, "rare events still have one");
  });
});

describe("a bar", () => {
  const half = { done: 512 * mib, total: 1024 * mib };
  for (const [columns, unicode, line] of [
    [70, true, `${"█".repeat(13)}${"░".repeat(13)}  512 MiB of 1 GiB (50%), 128 MiB/s, 4s left`],
    [58, true, `${"█".repeat(7)}${"░".repeat(7)}  512 MiB of 1 GiB (50%), 128 MiB/s, 4s left`],
    [58, false, `[${"#".repeat(6)}${"-".repeat(6)}]  512 MiB of 1 GiB (50%), 128 MiB/s, 4s left`],
    [45, true, "512 MiB of 1 GiB (50%), 128 MiB/s, 4s left"],
    [35, true, `${"█".repeat(6)}${"░".repeat(5)}  512 MiB of 1 GiB (50%)`],
    [15, true, `${"█".repeat(5)}${"░".repeat(5)}  50%`],
    [2, true, ""],
  ] as const) {
    test(`in ${columns} columns${unicode ? "" : ", ASCII"}`, () => {
      const shown = renderBar(half, 128 * mib, { columns, unicode });
      assert.equal(shown, line);
      assert.ok(shown.length <= columns);
    });
  }

  test("without a total there is none", () => {
    assert.equal(
      renderBar({ done: mib, total: null }, mib, { columns: 60, unicode: true }),
      "1 MiB, 1 MiB/s",
    );
  });
});
