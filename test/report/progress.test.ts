import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProgressMode } from "../../src/flags.ts";
import { createTeller } from "../../src/report/progress.ts";

/** A teller on a screen that remembers what was written, with a clock that the test turns. */
function setUp(
  mode: ProgressMode,
  more: { verbose?: boolean; isTTY?: boolean; rows?: number; columns?: number } = {},
) {
  const screen = {
    written: "",
    isTTY: more.isTTY,
    rows: more.rows,
    write(text: string) {
      this.written += text;
    },
  };
  const clock = { ms: 0 };
  const teller = createTeller(screen, {
    mode,
    verbose: more.verbose ?? false,
    columns: more.columns ?? 60,
    color: false,
    unicode: true,
    now: () => clock.ms,
  });
  return { screen, clock, ...teller };
}

/** What is on a terminal after the text: knows "up N" and "clear to the end", which keep the column, and "\r". */
function show(written: string): readonly string[] {
  const lines: string[] = [""];
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that are looked for
  for (const part of written.split(/(\u001b\[\d+A|\u001b\[0J|\n|\r)/)) {
    const last = lines.length - 1;
    const line = lines[last] ?? "";
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const up = /^\u001b\[(\d+)A$/.exec(part);
    if (up !== null) lines.length -= Number(up[1]);
    else if (part === "\u001b[0J") lines[last] = line.slice(0, column);
    else if (part === "\n") lines.push("");
    else lines[last] = line.slice(0, column) + part.replace("\r", "") + line.slice(column + part.length);
    if (part === "\n" || part === "\r") column = 0;
    else if (up === null && part !== "\u001b[0J") column += part.length;
  }
  return lines.slice(0, -1);
}

describe("plain", () => {
  test("no step of a short run, then one of a host in ten seconds; everything else always", () => {
    const { emit, clock, screen } = setUp("plain");
    emit({ event: "step", host: "a", step: "one" });
    emit({ event: "step", host: "a", step: "two" });
    emit({ event: "step", host: "b", step: "one" });
    emit({ event: "warning", host: "a", warning: "careful" });
    emit({ event: "note", note: "by the way" });
    clock.ms = 10_000;
    emit({ event: "step", host: "a", step: "three" });
    emit({ event: "host-done", host: "a", ok: true });
    emit({ event: "host-done", host: "b", ok: false });
    assert.equal(screen.written, "▲ a: careful\n• by the way\n… a: three\n✔ a: done\n✖ b: failed\n");
  });

  test("with --verbose every step", () => {
    const { emit, screen } = setUp("auto", { verbose: true });
    emit({ event: "step", host: "a", step: "one" });
    emit({ event: "step", host: "a", step: "two" });
    assert.equal(screen.written, "… a: one\n… a: two\n");
  });

  test("what a host says cannot act on the terminal", () => {
    const { emit, screen } = setUp("plain");
    emit({ event: "warning", host: "a\u001b[2J", warning: "x\ny" });
    assert.equal(screen.written, "▲ a\\u001b[2J: x\\ny\n");
  });
});

test("json: one event a line, as it is", () => {
  const { emit, screen } = setUp("json", { isTTY: true });
  emit({ event: "step", host: "a", step: "one" });
  emit({ event: "note", note: "n\u009b" });
  assert.deepEqual(
    screen.written
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
    [
      { event: "step", host: "a", step: "one" },
      { event: "note", note: "n\u009b" },
    ],
  );
  assert.ok(!screen.written.includes("\u009b"));
});

test("none: nothing", async () => {
  const { emit, aside, close, screen } = setUp("none", { isTTY: true });
  emit({ event: "warning", warning: "w" });
  assert.equal(await aside(async () => 7), 7);
  close();
  assert.equal(screen.written, "");
});

describe("on a terminal", () => {
  test("one line a host, replaced in place; notes stay above; nothing of it is left at the end", () => {
    const { emit, close, screen } = setUp("auto", { isTTY: true });
    emit({ event: "step", host: "a", step: "one" });
    emit({ event: "step", host: "b", step: "one" });
    emit({ event: "step", host: "a", step: "two" });
    assert.deepEqual(show(screen.written), ["… a  two", "… b  one"]);
    emit({ event: "warning", host: "b", warning: "careful" });
    emit({ event: "host-done", host: "a", ok: true });
    assert.deepEqual(show(screen.written), ["▲ b: careful", "… b  one", "✔ a  done"]);
    close();
    close();
    assert.deepEqual(show(screen.written), ["▲ b: careful"]);
  });

  test("a ^C that the terminal shows leaves nothing behind", () => {
    const { emit, close, screen } = setUp("tty");
    emit({ event: "step", host: "a", step: "one" });
    screen.write("^C");
    close();
    screen.write("end\n");
    assert.deepEqual(show(screen.written), ["end"]);
  });

  test("elapsed seconds appear when it takes long", () => {
    const { emit, clock, close, screen } = setUp("tty");
    emit({ event: "step", host: "a", step: "one" });
    clock.ms = 12_000;
    emit({ event: "step", host: "a", step: "two" });
    assert.deepEqual(show(screen.written), ["… a  two (12s)"]);
    close();
  });

  test("more hosts than rows, and lines longer than the screen", () => {
    const { emit, close, screen } = setUp("tty", { rows: 6, columns: 40 });
    for (let host = 0; host < 9; host += 1) emit({ event: "step", host: `h${host}`, step: "x".repeat(90) });
    const shown = show(screen.written);
    assert.equal(shown.length, 4);
    assert.equal(shown[3], "  and 6 more");
    assert.ok(shown.every((line) => line.length < 40));
    close();
  });

  test("a question has the screen for itself; what is said meanwhile follows", async () => {
    const { emit, aside, close, screen } = setUp("tty");
    emit({ event: "step", host: "a", step: "one" });
    await aside(async () => {
      assert.deepEqual(show(screen.written), []);
      screen.write("question?\n");
      emit({ event: "step", host: "a", step: "two" });
      emit({ event: "note", note: "n" });
      assert.deepEqual(show(screen.written), ["question?"]);
    });
    assert.deepEqual(show(screen.written), ["question?", "• n", "… a  two"]);
    close();
  });
});

describe("bytes", () => {
  const mib = 2 ** 20;
  const bytes = (done: number) =>
    ({ event: "bytes", host: "r.test/app", what: "copy x", done, total: 64 * mib }) as const;

  test("plain: one line in ten seconds, none of a short run", () => {
    const { emit, clock, screen } = setUp("plain");
    for (let second = 0; second <= 12; second += 1) {
      clock.ms = second * 1000;
      emit(bytes(second * mib));
    }
    assert.equal(screen.written, "… r.test/app: copy x: 10 MiB of 64 MiB (15%), 1 MiB/s, 54s left\n");
  });

  test("json: every event", () => {
    const { emit, screen } = setUp("json");
    emit(bytes(mib));
    assert.deepEqual(JSON.parse(screen.written), bytes(mib));
  });

  test("on a terminal a bar that fits", () => {
    for (const columns of [40, 60, 100]) {
      const { emit, clock, close, screen } = setUp("tty", { columns });
      emit(bytes(0));
      clock.ms = 4000;
      emit(bytes(32 * mib));
      const [line = ""] = show(screen.written);
      assert.match(line, /50%/);
      assert.ok(line.length < columns, line);
      close();
    }
  });
});
