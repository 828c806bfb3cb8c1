import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFrames } from "../../src/platform/parse-frames.ts";
import { frame } from "./hosts.ts";

const name = fc.stringMatching(/^[a-z]([a-z-]{0,8}[a-z])?$/).filter((text) => text !== "end");
// Contents that look like frames themselves are the ones that could mislead.
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom("", "\n", "end 2\nok\n", "file 3\n", "\0--flag\0", "ok").map((text) => Buffer.from(text)),
);
const frames = fc.array(fc.tuple(name, content), { maxLength: 8 });

function print(list: readonly (readonly [string, Buffer])[]): Buffer {
  return Buffer.concat([...list.map(([title, bytes]) => frame(title, bytes)), frame("end", "ok")]);
}

test("any frames come back as they were printed", () => {
  fc.assert(
    fc.property(frames, (list) => {
      const parsed = parseFrames(print(list))?.slice(0, -1);
      assert.deepEqual(
        parsed?.map(({ name: title, bytes }) => [title, Buffer.from(bytes)]),
        list,
      );
    }),
  );
});

test("any output that is cut short is none, wherever it was cut", () => {
  fc.assert(
    fc.property(frames, (list) => {
      const whole = print(list);
      for (let length = 0; length < whole.length; length++) {
        assert.equal(parseFrames(whole.subarray(0, length)), null, `${length} of ${whole.length}`);
      }
    }),
  );
});

test("garbled output is none: lengths that do not fit, a banner, a text between frames", () => {
  const end = "end 2\nok\n";
  for (const text of [
    "",
    "Welcome to web1\n",
    `Welcome to web1\n${end}`,
    `file 3\nlonger\n${end}`,
    `file 30\nshort\n${end}`,
    `file -1\n\n${end}`,
    `file 99999999999999999999\nx\n${end}`,
    `FILE 1\nx\n${end}`,
    `file 1\nx\n\n${end}`,
    `${end}trailing`,
    "now 3\n123\n",
  ]) {
    assert.equal(parseFrames(Buffer.from(text)), null, JSON.stringify(text));
  }
});
