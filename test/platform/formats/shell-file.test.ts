import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { insecureRegistries as insecure, registryMirrors } from "../../../src/platform/formats/format.ts";
import { parseShText } from "../../../src/platform/formats/sh-text.ts";
import { shellFile } from "../../../src/platform/formats/shell-file.ts";
import { checkLaws, fixture } from "./laws.ts";
import { sourceWithSh } from "./source-with-sh.ts";

const format = shellFile("DOCKER_OPTS");
const line = 'DOCKER_OPTS="$DOCKER_OPTS --insecure-registry h:1" # added by regctl';

test("one line of ours at the end, lengthened for the next entry", () => {
  const first = format.add('DOCKER_OPTS="--dns 192.0.2.53"\n', insecure, "h:1");
  assert.equal(first.text, `DOCKER_OPTS="--dns 192.0.2.53"\n${line}\n`);
  const second = format.add(first.text, insecure, "i:2", [first.note]);
  assert.equal(second.text, first.text.replace("h:1", "h:1 --insecure-registry i:2"));
  const mirror = format.add(second.text, registryMirrors, "https://m.test/", [first.note, second.note]);
  assert.equal(mirror.text, second.text.replace("i:2", "i:2 --registry-mirror https://m.test/"));
  const without = format.remove(mirror.text, insecure, "h:1", first.note) ?? "";
  assert.equal(without, mirror.text.replace(" --insecure-registry h:1", ""));
  const rest = format.remove(without, registryMirrors, "https://m.test/", mirror.note) ?? "";
  assert.equal(format.remove(rest, insecure, "i:2", second.note), 'DOCKER_OPTS="--dns 192.0.2.53"\n');
});

test("a file is made and unmade, and a missing line end stays missing", () => {
  const created = format.add(null, insecure, "h:1");
  assert.equal(created.text, `${line}\n`);
  assert.equal(format.remove(created.text, insecure, "h:1", created.note), null);
  assert.equal(format.remove(`${created.text}A=1\n`, insecure, "h:1", created.note), "A=1\n");
  const open = format.add("A=1", insecure, "h:1");
  assert.equal(open.text, `A=1\n${line}`);
  assert.equal(format.remove(open.text, insecure, "h:1", open.note), "A=1");
  assert.equal(
    format.remove(`${open.text}\n`, insecure, "h:1", open.note),
    "A=1\n",
    "an editor ended the line",
  );
});

test("where a later line overrules ours, a new one is added", () => {
  const overruled = `${line}\nDOCKER_OPTS="--debug"\n`;
  assert.deepEqual(format.read(overruled, insecure).entries, []);
  const added = format.add(overruled, insecure, "h:1");
  assert.equal(added.text, `${overruled}${line}\n`);
  assert.equal(format.remove(added.text, insecure, "h:1", added.note), overruled);
});

test("without a note the entry goes wherever it stands", () => {
  const text = "DOCKER_OPTS='--dns 192.0.2.53 --insecure-registry=h:1 --debug'\n";
  assert.equal(format.remove(text, insecure, "h:1", undefined), "DOCKER_OPTS='--dns 192.0.2.53 --debug'\n");
  assert.equal(format.remove(`A=1\n${line}\n`, insecure, "h:1", undefined), "A=1\n");
});

test("with its note an undo leaves what people wrote, and finds what they moved", () => {
  const theirs = `DOCKER_OPTS="--insecure-registry h:1"\n`;
  const known = format.add(theirs, insecure, "h:1");
  assert.equal(format.remove(known.text, insecure, "h:1", known.note), theirs);
  const added = format.add("", insecure, "h:1");
  const merged = 'DOCKER_OPTS="--debug --insecure-registry h:1"\n';
  assert.equal(format.remove(merged, insecure, "h:1", added.note), 'DOCKER_OPTS="--debug"\n');
});

test("our line inside somebody's quoted text is not ours", () => {
  const text = `NOTE='\n${line}\n'\n`;
  assert.deepEqual(format.read(text, insecure), { entries: [], present: false });
  assert.equal(format.remove(text, insecure, "h:1", undefined), text);
  const added = format.add(text, insecure, "h:1");
  assert.equal(added.text, `${text}${line}\n`);
  assert.equal(format.remove(added.text, insecure, "h:1", added.note), text);
});

const problems: readonly (readonly [string, number, number, RegExp])[] = [
  ['A=1\nDOCKER_OPTS="--debug\n', 2, 13, /never closed/],
  ["A='x\n", 1, 3, /never closed/],
  ["A=$(date\n", 1, 4, /never closed/],
  ["A=`date\n", 1, 3, /never closed/],
  ["A=1 \\\n", 1, 5, /backslash/],
  ["A=1\\", 1, 4, /backslash/],
  ["if true; then\nA=1\n", 1, 1, /fi is missing/],
  ["A=1\nfi\n", 2, 1, /closes nothing/],
  ['readonly DOCKER_OPTS="--a"\n', 1, 10, /readonly/],
  ["A=1\nexit 0\nB=2\n", 2, 1, /ends the reading/],
  ["cat <<E\nA=1\nE\n", 1, 5, /here-document/],
  ['A=1\r\nDOCKER_OPTS="x"\r\n', 1, 4, /CR LF/],
  ["A=1\nDOCKER_OPTS=\"--insecure-registry='h:1'\"\n", 2, 1, /refuses the entry "'h:1'"/],
];

test("texts that must not be touched, with line and column", () => {
  for (const [text, row, column, problem] of problems) {
    const listing = format.read(text, insecure);
    assert.match(listing.problem?.problem ?? "none", problem, text);
    assert.deepEqual([listing.problem?.line, listing.problem?.column], [row, column], text);
    assert.throws(() => format.add(text, insecure, "h:1"), /INTERNAL/);
  }
});

test("nothing that a shell could run is ever written", () => {
  for (const entry of ["h:1;reboot", "$(reboot)", "h 1", "h'", 'h"', "h\n", "`x`", ""]) {
    assert.throws(() => format.add(null, insecure, entry), /INTERNAL/, entry);
  }
});

test("fixtures of hosts, as a real sh reads them", () => {
  for (const path of ["debian-default/docker", "ubuntu-upstart/docker"]) {
    const text = fixture(path);
    const added = format.add(text, insecure, "h.test:5000");
    const before = sourceWithSh(text, "DOCKER_OPTS");
    assert.deepEqual(
      sourceWithSh(added.text, "DOCKER_OPTS"),
      [...before, "--insecure-registry", "h.test:5000"],
      path,
    );
    assert.ok(added.text.startsWith(text), "what was there stays");
    assert.equal(format.remove(added.text, insecure, "h.test:5000", added.note), text);
  }
  const rhel = shellFile("INSECURE_REGISTRY");
  assert.deepEqual(rhel.read(fixture("sysconfig-rhel7/docker"), insecure).entries, ["old.test:5000"]);
});

const fragments = [
  "# a comment with a 'quote\n",
  '#DOCKER_OPTS="--insecure-registry commented.test"\n',
  "\n",
  "HTTP_PROXY=http://192.0.2.1:3128\n",
  "export NO_PROXY='a b'\n",
  "ulimit -n 1024 >/dev/null 2>&1 || true\n",
  "[ -f /nowhere ] && DOCKER_STORAGE=overlay2 || :\n",
  'if [ -z "$FOO" ]; then\n  FOO=bar # set\nfi\n',
  "case x in a) BAR=1 ;; (b|c) : ;; esac\n",
  "for i in 1 2; do :; done\n",
  "f() { LOCAL=1; }\n",
  'DATE=$(date +"%Y)" -d @0)\n',
  "PLAIN=$((1+2)) true\n",
  'DOCKER_OPTS="--dns 192.0.2.53"\n',
  "DOCKER_OPTS='\n--label provider=generic\n--insecure-registry old.test:5000\n\n'\n",
  'export DOCKER_OPTS="$DOCKER_OPTS --debug"\n',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell's own
  'DOCKER_OPTS="${DOCKER_OPTS} --registry-mirror=https://old.test/" # mirror\n',
  "DOCKER_OPTS=--insecure-registry=b; export DOCKER_OPTS\n",
  'DOCKER_OPTS="$DOCKER_OPTS \\\n  --log-level=info"\n',
  'MORE="--iptables=false"; DOCKER_OPTS="$DOCKER_OPTS $MORE"\n',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell's own
  "DOCKER_OPTS=\"$DOCKER_OPTS ${UNSET_HERE:-} --mtu '1400'\"\n",
  'DOCKER_OPTS="--a" true\n',
  'DOCKER_OPTS="$DOCKER_OPTS --insecure-registry ours.test:1" # added by regctl\n',
];
const texts = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(null, "", "\n") },
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(fc.constantFrom(...fragments), { maxLength: 7 }), fc.boolean())
      .map(([parts, cut]) => (cut ? parts.join("").replace(/\n$/, "") : parts.join(""))),
  },
);

test("laws of the list, for files of every shape", () => {
  checkLaws({
    format,
    texts,
    foreignEdits: [
      { applies: () => true, edit: (text) => `# new\nA=1\n${text}` },
      { applies: (text) => text.endsWith("\n"), edit: (text) => `${text}# new\nOTHER='1 2'\n` },
      { applies: () => true, edit: (text) => text.replace("192.0.2.1:", "192.0.2.9:") },
      { applies: () => true, edit: (text) => text.replace('"--dns 192.0.2.53"', "--ipv6 ") },
    ],
  });
});

test("a real sh keeps every earlier word and finds the new one; our reading agrees with it", () => {
  const sourced = fc.property(texts, (text) => {
    const before = sourceWithSh(text ?? "", "DOCKER_OPTS");
    const values = parseShText(text ?? "", "DOCKER_OPTS").values;
    assert.deepEqual((values.get("DOCKER_OPTS") ?? "").split(/\s+/).filter(Boolean), before);
    const added = format.add(text, insecure, "reg.test:5000");
    const after = sourceWithSh(added.text, "DOCKER_OPTS");
    assert.deepEqual(after.splice(after.indexOf("reg.test:5000") - 1, 2), [
      "--insecure-registry",
      "reg.test:5000",
    ]);
    assert.deepEqual(after, before);
  });
  fc.assert(sourced, { numRuns: 80 });
});
