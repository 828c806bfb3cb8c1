import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { RegctlError } from "../../src/errors.ts";
import type { Choice, Question } from "../../src/ports.ts";
import { createPrompt } from "../../src/system/prompt.ts";

/** A terminal with a person who types each answer when the text they wait for has appeared. */
function setUp(
  answers: readonly (readonly [seen: string, typed: string])[] = [],
  options: { isTTY?: boolean; environment?: Record<string, string> } = {},
) {
  const { isTTY = true, environment = {} } = options;
  const stream = () =>
    Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.ReadStream & NodeJS.WriteStream;
  const input = stream();
  // Like the process's own streams, it cannot be ended by who pipes into it.
  const output = Object.assign(stream(), { end: () => {} });
  const controller = new AbortController();
  const asides: string[] = [];
  const waiting = [...answers];
  let shown = "";
  let unread = "";
  output.on("data", (chunk) => {
    shown += chunk;
    unread += chunk;
    const next = waiting[0];
    if (next === undefined || !unread.includes(next[0])) return;
    waiting.shift();
    unread = "";
    setImmediate(() => input.write(next[1]));
  });
  const prompt = createPrompt({
    input: () => input,
    output,
    environment,
    signal: controller.signal,
    present: (question) => ({ above: ["the details"], message: question.question }),
    aside: async (ask) => {
      asides.push("begin");
      try {
        return await ask();
      } finally {
        asides.push("end");
      }
    },
  });
  return { prompt, controller, asides, shown: () => shown };
}

const consent = (question: string) => ({ kind: "consent", question, flag: "--yes" }) as const;
const secret = { kind: "secret", question: "Password", flag: "REGCTL_SUDO_PASSWORD" } as const;

const colours: Choice<"red" | "blue"> = {
  kind: "choice",
  question: "Which?",
  choices: [
    { value: "red", label: "like blood" },
    { value: "blue", label: "like the sky" },
  ],
  flag: "--colour",
};

describe("answers", () => {
  test("consent: y is yes, n and Enter alone are no", async () => {
    const { prompt } = setUp([
      ["First?", "y\r"],
      ["Second?", "n\r"],
      ["Third?", "\r"],
    ]);
    assert.equal(await prompt.consent(consent("First?")), true);
    assert.equal(await prompt.consent(consent("Second?")), false);
    assert.equal(await prompt.consent(consent("Third?")), false);
  });

  test("a secret is never shown, a text is", async () => {
    const { prompt, shown } = setUp([
      ["Password", "s3cret\r"],
      ["Code", "4711\r"],
    ]);
    assert.equal(await prompt.secret(secret), "s3cret");
    assert.ok(!shown().includes("s3cret"));
    assert.equal(await prompt.text({ kind: "text", question: "Code", flag: "--code" }), "4711");
    assert.ok(shown().includes("4711"));
  });

  test("a choice: the first one by Enter alone, another one by the arrow keys", async () => {
    const down = "\u001b[B";
    const { prompt, shown } = setUp([
      ["Which?", "\r"],
      ["And then?", down],
      ["> like the sky", "\r"],
    ]);
    assert.equal(await prompt.choose(colours), "red");
    assert.equal(await prompt.choose({ ...colours, question: "And then?" }), "blue");
    assert.match(shown(), /> like blood/);
  });

  test("what belongs to the question stands above it", async () => {
    const { prompt, shown } = setUp([["First?", "y\r"]]);
    await prompt.consent(consent("First?"));
    assert.ok(shown().startsWith("the details\n"));
  });

  test("questions asked at once come one at a time, and one that fails does not stop the next", async () => {
    const { prompt, asides } = setUp([
      ["One?", "y\r"],
      ["Two?", "\u0003"],
      ["Three?", "y\r"],
    ]);
    const all = await Promise.allSettled(
      ["One?", "Two?", "Three?"].map((question) => prompt.consent(consent(question))),
    );
    assert.deepEqual(
      all.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.deepEqual(asides, ["begin", "end", "begin", "end", "begin", "end"]);
  });
});

describe("no answer", () => {
  const questions: readonly Question[] = [
    consent("Sure?"),
    secret,
    { kind: "text", question: "Code", flag: "--code" },
    colours,
  ];

  for (const options of [{ isTTY: false }, { environment: { CI: "true" } }]) {
    test(`nobody to ask (${JSON.stringify(options)}): the flag is named`, async () => {
      const { prompt, shown } = setUp([], options);
      assert.equal(prompt.interactive, false);
      for (const question of questions) {
        const choices = question.kind === "choice" ? { choices: ["like blood", "like the sky"] } : {};
        const facts = { question: question.question, flag: question.flag, ...choices };
        const asked =
          question.kind === "consent"
            ? prompt.consent(question)
            : question.kind === "secret"
              ? prompt.secret(question)
              : question.kind === "choice"
                ? prompt.choose(question)
                : prompt.text(question);
        await assert.rejects(
          asked,
          (error) =>
            error instanceof RegctlError &&
            error.code === "MISSING_ANSWER" &&
            assert.deepEqual(error.facts, facts) === undefined,
        );
      }
      assert.equal(shown(), "");
    });
  }

  test("Ctrl-C at a question is an interruption", async () => {
    const { prompt } = setUp([["Sure?", "\u0003"]]);
    await assert.rejects(prompt.consent(consent("Sure?")), { code: "INTERRUPTED" });
  });

  test("a signal ends the question that stands, and the ones behind it", async () => {
    const { prompt, controller } = setUp();
    const reason = new RegctlError("INTERRUPTED", { signal: "SIGTERM" });
    const asked = [prompt.consent(consent("One?")), prompt.secret(secret)];
    setTimeout(() => controller.abort(reason), 50);
    const all = await Promise.allSettled(asked);
    assert.deepEqual(all, [
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
  });
});

test("an empty CI variable, or one that says no, changes nothing", () => {
  for (const CI of ["", "0", "false"])
    assert.equal(setUp([], { environment: { CI } }).prompt.interactive, true);
});
