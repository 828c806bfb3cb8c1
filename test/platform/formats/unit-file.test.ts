import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { insecureRegistries as insecure } from "../../../src/platform/formats/format.ts";
import { unitEnvironment, unitFile } from "../../../src/platform/formats/unit-file.ts";
import { checkLaws, fixture } from "./laws.ts";

const environment = unitEnvironment("DOCKER_OPTS");

test("the ExecStart= that counts is lengthened at its end", () => {
  const machine = fixture("systemd-docker-machine/10-machine.conf");
  assert.deepEqual(unitFile.read(machine, insecure).entries, ["old.test:5000"]);
  const added = unitFile.add(machine, insecure, "h:1");
  assert.equal(added.text, machine.replace("old.test:5000 \n", "old.test:5000 --insecure-registry h:1 \n"));
  assert.equal(unitFile.remove(added.text, insecure, "h:1", added.note), machine);
  const without = unitFile.remove(machine, insecure, "old.test:5000", undefined);
  assert.equal(without, machine.replace(" --insecure-registry old.test:5000", ""));
});

test("a continued line with a comment in it and a quoted entry", () => {
  const unit = fixture("systemd-docker-ce/docker.service");
  assert.deepEqual(unitFile.read(unit, insecure).entries, ["old.test:5000"]);
  const added = unitFile.add(unit, insecure, "h:1");
  assert.equal(added.text, unit.replace('"old.test:5000"', '"old.test:5000" --insecure-registry h:1'));
  assert.equal(unitFile.remove(added.text, insecure, "h:1", added.note), unit);
  const without = unitFile.remove(unit, insecure, "old.test:5000", undefined) ?? "";
  assert.match(without, /containerd\.sock\nExecReload=/);
});

test("a variable of Environment= where the flags stand there", () => {
  const drop = fixture("flatcar-drop-in/50-opts.conf");
  for (const format of [unitFile, environment]) {
    assert.deepEqual(format.read(drop, insecure).entries, ["old.test:5000"]);
    const added = format.add(drop, insecure, "h:1");
    assert.equal(added.text, drop.replace("old.test:5000", "old.test:5000 --insecure-registry h:1"));
    assert.equal(format.remove(added.text, insecure, "h:1", added.note), drop);
    const without = format.remove(drop, insecure, "old.test:5000", undefined);
    assert.equal(without, drop.replace("--insecure-registry=old.test:5000", ""));
  }
});

test("a drop-in is made and unmade", () => {
  const created = environment.add(null, insecure, "h:1");
  assert.equal(created.text, '[Service]\nEnvironment="DOCKER_OPTS=--insecure-registry h:1"\n');
  assert.equal(environment.remove(created.text, insecure, "h:1", created.note), null);
  const more = `${created.text}Nice=5\n`;
  assert.equal(environment.remove(more, insecure, "h:1", created.note), "[Service]\nNice=5\n");
  assert.throws(() => unitFile.add(null, insecure, "h:1"), /no ExecStart=/);
  assert.throws(() => unitFile.add("[Unit]\nA=b\n", insecure, "h:1"), /no ExecStart=/);
});

test("what was reset does not count", () => {
  const text =
    "[Service]\nExecStart=/usr/bin/dockerd --insecure-registry gone.test\nExecStart=\nExecStart=/usr/bin/dockerd\n";
  assert.deepEqual(unitFile.read(text, insecure), { entries: [], present: false });
  const flags = '[Service]\nEnvironment="DOCKER_OPTS=--insecure-registry gone.test"\nEnvironment=\n';
  assert.deepEqual(environment.read(flags, insecure).entries, []);
  const other = "[Unit]\nExecStart=/usr/bin/dockerd --insecure-registry elsewhere.test\n";
  assert.deepEqual(unitFile.read(other, insecure).entries, []);
});

const problems: readonly (readonly [string, number, number, RegExp])[] = [
  ["[Service]\nExecStart=/usr/bin/dockerd\nExecStart=/usr/bin/dockerd -D\n", 3, 1, /second ExecStart=/],
  ["[Service]\nExecStart=/bin/sh -c 'exec dockerd --debug'\n", 2, 11, /does not start dockerd/],
  ["[Service]\nExecStart=/usr/bin/podman system service\n", 2, 11, /does not start dockerd/],
  ["[Service]\nExecStart=/usr/bin/dockerd ; /bin/true\n", 2, 11, /several commands/],
  ["[Service]\nExecStart=/usr/bin/dockerd --insecure-registry h_1\n", 2, 11, /refuses the entry/],
];

test("units that must not be touched, with line and column", () => {
  for (const [text, line, column, problem] of problems) {
    const listing = unitFile.read(text, insecure);
    assert.match(listing.problem?.problem ?? "none", problem, text);
    assert.deepEqual([listing.problem?.line, listing.problem?.column], [line, column], text);
    assert.throws(() => unitFile.add(text, insecure, "h:1"), /INTERNAL/);
  }
});

test("commands that do start dockerd", () => {
  const commands = [
    "/usr/bin/dockerd-current -D",
    "-/usr/bin/docker daemon -H fd://",
    "@/usr/bin/dockerd dockerd",
  ];
  for (const command of [
    ...commands,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd's own
    "/usr/bin/env PATH=/x:${PATH} /x/dockerd $DOCKER_OPTS",
    "/usr/bin/dockerd-rootless.sh",
  ]) {
    const text = `[Service]\nExecStart=${command}\n`;
    assert.equal(
      unitFile.add(text, insecure, "h:1").text,
      `[Service]\nExecStart=${command} --insecure-registry h:1\n`,
    );
  }
});

const fragments = [
  "# a comment\n",
  "; another \\\n",
  "\n",
  "[Unit]\nDescription=x\n",
  "[Service]\n",
  "[Service]\nType=notify\r\n",
  "Nice = 5\n",
  "ExecStart=\nExecStart=/usr/bin/dockerd -H fd://\n",
  "ExecStart=\r\nExecStart = /usr/bin/dockerd --insecure-registry=b \\\r\n  --debug  \r\n",
  "ExecStart=\nExecStart=/usr/bin/dockerd \"--insecure-registry\" 'old.test:5000' $OPTIONS\n",
  "ExecStart=\nExecStart=/usr/bin/dockerd \\\n# inside\n  --registry-mirror https://old.test/\n",
  'Environment=A=b "C=d e"\n',
  'Environment="DOCKER_OPTS=--debug"\n',
  "Environment=DOCKER_OPTS=--insecure-registry=b A=1\n",
  "Environment=DOCKER_OPTS='--insecure-registry old.test:5000 --debug'\n",
  "Environment=\n",
  "[Install]\nWantedBy=multi-user.target\n",
];
const texts = fc
  .tuple(fc.array(fc.constantFrom(...fragments), { maxLength: 8 }), fc.boolean())
  .map(([parts, cut]) => (cut ? parts.join("").replace(/\r?\n$/, "") : parts.join("")));
const foreignEdits = [
  { applies: () => true, edit: (text: string) => `# new\n[Unit]\nAfter=x\n${text}` },
  { applies: (text: string) => text.endsWith("\n"), edit: (text: string) => `${text}[X-Ours]\nA=b\n` },
  { applies: () => true, edit: (text: string) => text.replace("Nice = 5", "Nice=6") },
];

test("laws of the list, for flags in a unit", () => {
  const withCommand = texts.map((text) => `[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -D\n${text}`);
  checkLaws({ format: unitFile, texts: withCommand, foreignEdits });
});

test("laws of the list, for a variable in a drop-in", () => {
  const withNone = fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 9, arbitrary: texts });
  checkLaws({ format: environment, texts: withNone, foreignEdits });
});
