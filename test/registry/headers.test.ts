import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  parseContentRange,
  parseUploadedBytes,
  renderChunkRange,
  renderRange,
} from "../../src/registry/content-range.ts";
import { parseRetryAfter } from "../../src/registry/retry-after.ts";
import { parseWarnings } from "../../src/registry/warning-header.ts";

describe("Warning", () => {
  const headers: readonly (readonly [header: string, texts: readonly string[]])[] = [
    ['299 - "This registry goes away on 2027-01-01."', ["This registry goes away on 2027-01-01."]],
    ['299 - "one", 299 - "two, with a comma", 299 - "one"', ["one", "two, with a comma"]],
    ['299 proxy.test:80 "x" "Wed, 21 Oct 2026 07:28:00 GMT", 299 - "y"', ["x", "y"]],
    ['110 - "Response is stale", 299 - "y"', ["y"]],
    ['299 - "a \\"b\\" \\\\c"', ['a "b" \\c']],
    ['299 - "two\tlines \u001b[0m"', ["two lines [0m"]],
    ['299 - "', []],
    ['299 -"x"', []],
    ["299", []],
    ["", []],
  ];
  for (const [header, texts] of headers) {
    test(JSON.stringify(header), () => assert.deepEqual(parseWarnings(header), texts));
  }
  test("bounded", () => {
    const many = Array.from({ length: 500 }, (_, index) => `299 - "${index}${"x".repeat(500)}"`).join(", ");
    assert.equal(parseWarnings(many).length, 20);
    assert.equal(parseWarnings(many)[0]?.length, 300);
    assert.deepEqual(parseWarnings(undefined), []);
  });
});

describe("Retry-After", () => {
  const now = new Date("2026-10-21T07:28:00Z");
  const headers: readonly (readonly [header: string, waitMs: number | null])[] = [
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["1.5", 1500],
    ["Wed, 21 Oct 2026 07:28:30 GMT", 30_000],
    ["Wednesday, 21-Oct-26 07:29:00 GMT", 60_000],
    ["Wed Oct 21 07:28:01 2026", 1000],
    ["Wed, 21 Oct 2026 07:27:00 GMT", 0],
    ["-1", null],
    ["soon", null],
    ["1e9", null],
    ["2026-10-21T07:28:30Z", null],
    ["Wed, 21 Foo 2026 07:28:30 GMT", null],
    ["", null],
  ];
  for (const [header, waitMs] of headers) {
    test(JSON.stringify(header), () => assert.equal(parseRetryAfter(header, now), waitMs));
  }
  test("every date that HTTP writes", () => {
    const date = fc.date({ min: now, max: new Date("2090-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (then) => {
        const waitMs = Math.floor(then.getTime() / 1000) * 1000 - now.getTime();
        assert.equal(parseRetryAfter(then.toUTCString(), now), Math.max(0, waitMs));
      }),
    );
  });
});

describe("ranges", () => {
  test("of an answer", () => {
    assert.deepEqual(parseContentRange("bytes 0-99/200"), { range: { start: 0, end: 99 }, size: 200 });
    assert.deepEqual(parseContentRange("Bytes 5-5/*"), { range: { start: 5, end: 5 }, size: null });
    assert.deepEqual(parseContentRange("bytes */200"), { range: null, size: 200 });
    for (const header of [
      "",
      "bytes */*",
      "bytes 9-5/20",
      "bytes 0-200/200",
      "0-99/200",
      "bytes 0-99",
      "bytes -5/20",
    ]) {
      assert.equal(parseContentRange(header), null, header);
    }
    assert.equal(parseContentRange(undefined), null);
  });

  test("of a request", () => {
    assert.equal(renderRange(0, 99), "bytes=0-99");
    assert.equal(renderRange(100), "bytes=100-");
    assert.equal(renderChunkRange(100, 50), "100-149");
  });

  test("of an upload", () => {
    assert.equal(parseUploadedBytes("0-1023"), 1024);
    assert.equal(parseUploadedBytes("bytes=0-1023"), 1024);
    assert.equal(parseUploadedBytes("0-0"), 0);
    for (const header of ["", "5-10", "0", "0--1", "x", undefined])
      assert.equal(parseUploadedBytes(header), null);
  });
});
