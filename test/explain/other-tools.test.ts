/** Words of other tools are answered with the line of ours that does the same. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lineMeant } from "../../src/explain/other-tools.ts";
import { problemOf } from "../support/remedy.ts";
import { runCli } from "../support/run-cli.ts";

const answered: readonly (readonly [typed: string, line: string])[] = [
  ["push app:1.0 reg.test/app:1.0", "regctl publish app:1.0 reg.test/app:1.0"],
  ["push", "regctl publish IMAGE NAME:TAG"],
  ["ls", "regctl search"],
  ["list reg.test/", "regctl search reg.test/"],
  ["rm app:1.0", "regctl delete app:1.0"],
  ["rmi", "regctl delete NAME:TAG"],
  ["build .", "docker build -t NAME:TAG . && regctl publish NAME:TAG"],
  ["run app", "regctl pull NAME:TAG && docker run NAME:TAG"],
  ["version", "regctl --version"],
  ["-V", "regctl --version"],
  ["serve -p 5001", "regctl serve --listen 127.0.0.1:5001"],
  ["serve -p 5001:5000", "regctl serve --listen 127.0.0.1:5001"],
  ["serve --port=5001", "regctl serve --listen 127.0.0.1:5001"],
  ["serve 5001", "regctl serve --listen 127.0.0.1:5001"],
  ["tunnel lst", "regctl tunnel list"],
  ["tunnel ls", "regctl tunnel list"],
  ["tunnel rm ann@web", "regctl tunnel stop ann@web"],
  ["logs", "regctl tunnel logs NAME"],
  ["image ls", "regctl images"],
  ["tag ls team/app", "regctl tags team/app"],
  ["insecure reg.test:5000", "regctl setup insecure reg.test:5000"],
  ["login -p secret", "regctl login REGISTRY --username NAME --password-stdin"],
];

describe("a word of another tool", { concurrency: 2 }, () => {
  for (const [typed, line] of answered) {
    it(`regctl ${typed}`, async () => {
      const { code, stdout, stderr } = await runCli(typed.split(" "));
      assert.deepEqual([code, stdout], [2, ""]);
      assert.ok(stderr.includes(`→ ${line}\n`), stderr);
    });
  }
});

describe("help about what is not there", { concurrency: 2 }, () => {
  for (const [asked, line] of [
    ["exit-code", "regctl help exit-codes"],
    ["tunel", "regctl help tunnel"],
    ["setup insecre", "regctl help setup insecure"],
    ["nonsense", "regctl --help"],
  ] as const) {
    it(`regctl help ${asked}`, async () => {
      const { code, stderr } = await runCli(["help", ...asked.split(" ")]);
      assert.equal(code, 2);
      assert.ok(stderr.includes(`→ ${line}\n`), stderr);
    });
  }
});

describe("the table", () => {
  const words = [
    ...[
      "push",
      "upload",
      "import",
      "load",
      "build",
      "run",
      "fetch",
      "download",
      "save",
      "export",
      "ls",
      "list",
    ],
    ...[
      "find",
      "catalog",
      "repos",
      "repo ls",
      "tag ls",
      "tag list",
      "list-tags",
      "image ls",
      "rm",
      "rmi",
      "remove",
    ],
    ...[
      "untag",
      "tag rm",
      "tag",
      "cp",
      "image copy",
      "image inspect",
      "manifest",
      "digest",
      "show",
      "logs",
      "log",
    ],
    ...[
      "connect",
      "ssh",
      "ps",
      "start",
      "up",
      "stop",
      "down",
      "gc",
      "verify",
      "insecure",
      "trust",
      "undo",
      "status",
    ],
    ...["info", "check"],
  ];
  for (const typed of words) {
    it(`answers ${typed} with a line that our parser takes`, async () => {
      const line = lineMeant(typed.split(" "));
      const own = line?.split(" && ").find((part) => part.startsWith("regctl ")) ?? "";
      assert.equal(await problemOf(own), null);
    });
  }

  it("has no word for what nobody has", () => {
    for (const typed of ["constructor", "frobnicate", ""]) assert.equal(lineMeant([typed]), undefined);
  });
});
