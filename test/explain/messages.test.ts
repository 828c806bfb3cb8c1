import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { exitCodeOf } from "../../src/exit-codes.ts";
import { ownCauses } from "../../src/explain/messages/cause-codes.ts";
import { explainText } from "../../src/explain/messages/explain-text.ts";
import { recognise } from "../../src/explain/messages/recognise.ts";
import { messageRows } from "../../src/explain/messages/table.ts";
import { readMessageFixtures } from "../support/message-fixtures.ts";
import { problemOf } from "../support/remedy.ts";
import { renderTroubleshooting } from "../support/troubleshooting-page.ts";

const fixtures = readMessageFixtures();
const best = (text: string): string => {
  const [first] = recognise(text);
  return first === undefined ? "unknown" : `${first.row.id} ${first.place.registry}`;
};

describe("every row knows what programs really say, and which registry they mean", () => {
  for (const { id } of messageRows) {
    test(id, () => {
      const own = fixtures.filter(({ row }) => row === id);
      assert.ok(own.length > 0, "it has no fixture");
      for (const { text, registry, source } of own) assert.equal(best(text), `${id} ${registry}`, source);
    });
  }

  test("no fixture is of a row that is not there, and ids are unique", () => {
    const ids = messageRows.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      fixtures.filter(({ row }) => !ids.includes(row)),
      [],
    );
  });

  test("what the page shows as heading is recognised as that row", () => {
    for (const { id, says } of messageRows) assert.equal(recognise(says)[0]?.row.id, id, says);
  });
});

const explained = fixtures.flatMap(({ text }) => explainText(text));

describe("every explanation", () => {
  test("has whole sentences, remedies and a code that the documents have", () => {
    const codes = new Set([...Object.keys(exitCodeOf), ...Object.keys(ownCauses)]);
    assert.ok(explained.length >= fixtures.length);
    for (const { code, who, quoted, message, remedies } of explained) {
      assert.ok(codes.has(code), code);
      assert.match(message, /^\S.*[.]$/);
      assert.doesNotMatch(message, /undefined|\[object|\n|\.\.|:\.|\(\)|""| {2}/, message);
      assert.ok(remedies.length > 0 && remedies.every((line) => /^\S.*\S$/.test(line)), message);
      assert.doesNotMatch(remedies.join("\n"), /undefined|\[object/);
      assert.doesNotMatch(quoted, /\n/);
      assert.ok(quoted.length > 0 && quoted.length <= 300);
      assert.notEqual(who, "");
    }
  });

  test("is used: no code of its own is left over", () => {
    const used = new Set(explained.map(({ code }) => code));
    assert.deepEqual(
      Object.keys(ownCauses).filter((code) => !used.has(code as keyof typeof ownCauses)),
      [],
    );
  });

  test("tells commands of ours that can be run as they stand", async () => {
    const lines = new Set(explained.flatMap(({ remedies }) => remedies));
    const ours = [...lines].flatMap((line) => /(?:^|[:|&] )(regctl .*)$/.exec(line)?.[1] ?? []);
    assert.ok(ours.length > 60, `${ours.length}`);
    const problems = await Promise.all(ours.map(async (line) => [line, await problemOf(line)] as const));
    assert.deepEqual(
      problems.filter(([, problem]) => problem !== null),
      [],
    );
  });
});

const http = 'Get "https://reg.test:5000/v2/": http: server gave HTTP response to HTTPS client';
const noise = Array.from({ length: 400 }, (_, line) => `#${line} 0.${line} RUN make step-${line}`).join("\n");
const broken = (text: string, width: number): string => text.replace(new RegExp(`.{${width}}`, "g"), "$&\n");

describe("a message is found within", () => {
  const texts: readonly (readonly [string, string])[] = [
    ["a whole build log", `${noise}\n${http}\n${noise}`],
    [
      "colours",
      `\u001b[31mERROR\u001b[0m: Get "https://\u001b[1mreg.test:5000\u001b[0m/v2/": http: server gave \u001b[4mHTTP\u001b[m response to HTTPS client`,
    ],
    [
      "a terminal's title and links",
      `\u001b]0;build\u0007\u001b]8;;file:///x\u001b\\${http}\u001b]8;;\u001b\\`,
    ],
    ["times", `2026-11-23T18:00:00.123Z ${http}\r\n`],
    [
      "a journal",
      `Nov 23 18:00:00 node1 dockerd[812]: time="2026-11-23T18:00:00Z" level=error msg="Handler for POST /images/create returned error: ${http.replaceAll('"', '\\"')}"`,
    ],
    ["a line of JSON", JSON.stringify({ log: `${http}\n`, stream: "stderr" })],
    ["JSON within JSON", JSON.stringify({ log: JSON.stringify({ level: "error", error: http }) })],
    ["angle brackets as JSON writes them", JSON.stringify({ log: http }).replaceAll("S", "\\u0053")],
    ["lines broken at a space", http.replaceAll(" ", "\n    ")],
    ["lines broken within words", broken(http, 17)],
    ["a quoted mail", `> ${http.replace("gave ", "gave\n> ")}`],
    ["typographic quotes", http.replace('"', "“").replace('"', "”")],
    ["progress on one line", `Pulling\rPulling 10 %\r${http}`],
    ["a line of many kilobytes", `${"x".repeat(90_000)} ${http} ${"y".repeat(90_000)}`],
    ["the end of megabytes", `${"layer 1: 10 %\n".repeat(300_000)}${http}`],
    ["the beginning of megabytes", `${http}\n${"layer 1: 10 %\n".repeat(300_000)}`],
  ];
  for (const [what, text] of texts) {
    test(what, () => assert.equal(best(text), "http-to-https-client reg.test:5000"));
  }

  test("an escaped newline does not end the words before it", () => {
    const line = '{"error":"invalid character \'<\' after \\"x\\":\\n no space left on device"}';
    assert.equal(recognise(line)[0]?.row.id, "disk-full");
  });
});

test("several messages: the exact one first, and a symptom on its own line after it", () => {
  const log = `dial tcp 10.0.0.5:5000: i/o timeout\n${http}\nx509: certificate signed by unknown authority`;
  assert.deepEqual(
    recognise(log).map(({ row }) => row.id),
    ["http-to-https-client", "unknown-authority", "timeout"],
  );
});

test("an ambiguous message lists its causes, the most likely first", () => {
  const codesOf = (text: string) => explainText(text).map(({ code }) => code);
  assert.deepEqual(codesOf("pull access denied for app, repository does not exist or may require"), [
    "BAD_REFERENCE",
    "DENIED",
  ]);
  assert.deepEqual(codesOf("denied: requested access to the resource is denied"), [
    "DENIED",
    "BAD_REFERENCE",
  ]);
});

test("who says it decides what is typed", () => {
  const first = (text: string) => explainText(text)[0]?.remedies[0] ?? "";
  assert.equal(first(`Error response from daemon: ${http}`), "regctl setup insecure reg.test:5000");
  assert.match(first(`pinging container registry reg.test:5000: ${http}`), /registries\.conf\.d/);
  assert.match(
    first(`ctr: failed to resolve reference "reg.test:5000/app:1": ${http}`),
    /certs\.d\/reg\.test:5000/,
  );
  assert.match(first(`Failed to pull image "reg.test:5000/app:1": ${http}`), /^On every node: /);
  assert.match(first(`k3s[1]: failed to pull: ${http}`), /registries\.yaml/);
});

describe("what no row knows stays unknown", () => {
  const texts = [
    "",
    "   \n\t\n",
    "something else entirely",
    "Error: cannot open display",
    "npm ERR! code ELIFECYCLE",
    "error TS2304: Cannot find name 'x'.",
    "Segmentation fault (core dumped)",
    "EOFError: Ran out of input",
    "404",
    "make: *** [Makefile:3: all] Error 2",
    "fatal: not a git repository (or any of the parent directories): .git",
    "docker: Error response from daemon: No command specified.",
    "Error response from registry: unknown: unknown error",
    "Status: Downloaded newer image for reg.test:5000/app:1",
    "Login Succeeded",
    "The undenied truth is that authority matters",
    "OOMKilled",
    "CrashLoopBackOff",
    "File not found: report.pdf",
    "error: failed to push some refs to 'origin'",
    "ModuleNotFoundError: No module named 'docker'",
    noise,
  ];
  for (const text of texts)
    test(JSON.stringify(text.slice(0, 60)), () => assert.equal(best(text), "unknown"));
});

test("docs/troubleshooting.md is made of the table: node test/support/troubleshooting-page.ts", async () => {
  const page = new URL("../../docs/troubleshooting.md", import.meta.url);
  assert.equal(await readFile(page, "utf8"), renderTroubleshooting());
});

describe("a hostile text", () => {
  test("puts nothing into commands that a shell would run, and no control character anywhere", () => {
    const evil = "$(reboot)`reboot`;reboot\u0007\u001b[2J'\"&reboot";
    const hostile = fixtures.map(({ text }) =>
      text.replaceAll(/reg\.test|127\.0\.0\.1|app:1|\/tmp\/d\.json|b:1/g, (word) => `${word}${evil}`),
    );
    const said = [...hostile, ...fixtures.map(({ text }) => `${evil}${text}${evil}`)].flatMap(explainText);
    assert.ok(said.length > fixtures.length);
    for (const { remedies, message, quoted } of said) {
      assert.doesNotMatch(remedies.join("\n"), /reboot/);
      assert.doesNotMatch([message, quoted, ...remedies].join(""), /\p{Cc}/u);
    }
  });

  test("takes no long time: every repetition of every row has a bound", () => {
    for (const { id, match } of messageRows) {
      const bare = match.source.replace(/\\./g, "x").replace(/\[[^\]]*\]/g, "c");
      assert.doesNotMatch(bare, /[*+]|\{\d+,\}/, id);
      assert.doesNotMatch(bare, /\)\{|\}\)[?{]\{/, id);
      assert.equal(match.flags.replace(/[im]/g, ""), "", id);
    }
  });

  test("of megabytes of almost-messages is answered", () => {
    const almost = [
      "https://",
      'Get "https://a/v2/',
      "x509: certificate is valid for a",
      "lookup a on b: ",
      "failed to fetch anonymous token: ",
      "unexpected status from GET request to x",
      "a.".repeat(30),
      '\\"',
      "\u001b]0;",
      "\u001b[",
      "reading manifest x in ",
      "denied for a",
      "ERROR: failed to push ",
    ];
    for (const part of almost) explainText(part.repeat(Math.ceil(3_000_000 / part.length)));
  });
});
