import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { daemonJson, emptied } from "../../../src/platform/formats/daemon-json.ts";
import {
  keyTurnedBack,
  readBoolean,
  removeKey,
  setBoolean,
} from "../../../src/platform/formats/daemon-json-key.ts";
import { insecureRegistries as insecure, registryMirrors } from "../../../src/platform/formats/format.ts";
import { checkLaws, fixture } from "./laws.ts";

const old = { version: "20.10.24+dfsg1" };
const modern = { version: "28.5.2" };

test("an entry is added in the manner of the file", () => {
  const cases: readonly (readonly [string | null, string])[] = [
    [null, '{\n  "insecure-registries": ["h:1"]\n}\n'],
    ["{}", '{"insecure-registries": ["h:1"]}'],
    ["{\n}\n", '{\n  "insecure-registries": ["h:1"]\n}\n'],
    ['{"a":1}', '{"a":1,"insecure-registries":["h:1"]}'],
    ['{"a":1}\n', '{"a":1,"insecure-registries":["h:1"]}\n'],
    ['{"a": 1}', '{"a": 1, "insecure-registries": ["h:1"]}'],
    ['{ "a": 1 }', '{ "a": 1, "insecure-registries": ["h:1"] }'],
    ['{\r\n\t"a": 1\r\n}', '{\r\n\t"a": 1,\r\n\t"insecure-registries": ["h:1"]\r\n}'],
    ['{\n  "a": 1,\n\n  "b": 2\n}', '{\n  "a": 1,\n\n  "b": 2,\n  "insecure-registries": ["h:1"]\n}'],
    ['{"insecure-registries":[]}', '{"insecure-registries":["h:1"]}'],
    ['{"insecure-registries": null}', '{"insecure-registries": ["h:1"]}'],
    ['{"insecure-registries":["a"]}', '{"insecure-registries":["a","h:1"]}'],
    ['{"insecure-registries": ["a"]}', '{"insecure-registries": ["a", "h:1"]}'],
    ['{"insecure-registries": ["a","b"]}', '{"insecure-registries": ["a","b","h:1"]}'],
    ['{"insecure-registries": [\n  "a"\n ]}', '{"insecure-registries": [\n  "a",\n  "h:1"\n ]}'],
  ];
  for (const [before, after] of cases) {
    const added = daemonJson.add(before, insecure, "h:1");
    assert.equal(added.text, after);
    assert.equal(daemonJson.remove(after, insecure, "h:1", added.note), before);
  }
});

test("fixtures: unknown keys, tabs, one line, a byte order mark", () => {
  for (const name of ["typical.json", "minified.json", "windows.json"]) {
    const text = fixture(`daemon-json/${name}`);
    const added = daemonJson.add(text, insecure, "h.test:5000");
    const mark = /^\uFEFF/;
    const before = JSON.parse(text.replace(mark, ""));
    const after = JSON.parse(added.text.replace(mark, ""));
    const list = [...(before["insecure-registries"] ?? []), "h.test:5000"];
    assert.deepEqual(after, { ...before, "insecure-registries": list }, name);
    assert.equal(mark.test(added.text), mark.test(text));
    assert.equal(daemonJson.remove(added.text, insecure, "h.test:5000", added.note), text, name);
  }
  assert.match(
    daemonJson.add(fixture("daemon-json/typical.json"), insecure, "h:1").text,
    /\n\t\t"10.0.0.0\/8",\n\t\t"h:1"\n/,
  );
  assert.match(
    daemonJson.add(fixture("daemon-json/windows.json"), insecure, "h:1").text,
    /true,\r\n {2}"insec/,
  );
});

const broken: readonly (readonly [string, number, number, RegExp])[] = [
  ["", 1, 1, /empty/],
  [" \n", 1, 1, /empty/],
  ["\uFEFF{}", 1, 1, /byte order mark/],
  ['{"a": 1,}', 1, 9, /comma/],
  ['{"insecure-registries": ["a",\n]}', 2, 1, /comma/],
  ['{\n  // hello\n  "a": 1\n}', 2, 3, /comment/],
  ['{"a": 1', 1, 8, /not JSON/],
  ['{"a": 1}}', 1, 9, /not JSON/],
  ['{"a": 1} {"b": 2}', 1, 10, /not JSON/],
  ['{"a": 01}', 1, 8, /not JSON/],
  ["['a']", 1, 2, /not JSON/],
  ["[]", 1, 1, /no object/],
  ["null", 1, 1, /no object/],
  ['{\n  "insecure-registry": ["a"]\n}', 2, 3, /does nothing/],
  ['{"Insecure-Registries": []}', 1, 2, /only as/],
  ['{"insecure-registries": [],\n "insecure-registries": []}', 2, 2, /twice/],
  ['{"insecure-registries": "a"}', 1, 25, /no list/],
  ['{"insecure-registries": {"a": 1}}', 1, 25, /no list/],
  ['{"insecure-registries": ["a", 5]}', 1, 31, /not a string/],
  ['{"insecure-registries": ["a",\r\n  "h:1/path"]}', 2, 3, /refuses the entry "h:1\/path"/],
];

test("texts that must not be touched, with line and column", () => {
  for (const [text, line, column, problem] of broken) {
    const listing = daemonJson.read(text, insecure, old);
    assert.match(listing.problem?.problem ?? "none", problem, text);
    assert.deepEqual([listing.problem?.line, listing.problem?.column], [line, column], text);
    assert.deepEqual(listing.entries, []);
  }
});

test("from 23.0 an empty file and a byte order mark are taken, and kept", () => {
  for (const text of ["", " \n", "\uFEFF", "\uFEFF{}", '\uFEFF{"debug":true}']) {
    assert.equal(daemonJson.read(text, insecure, modern).problem, undefined, text);
    assert.notEqual(
      daemonJson.read(text, insecure, {}).problem,
      undefined,
      "an unknown version is an old one",
    );
    const added = daemonJson.add(text, insecure, "h:1");
    assert.equal(added.text.startsWith("\uFEFF"), text.startsWith("\uFEFF"));
    assert.deepEqual(daemonJson.read(added.text, insecure, modern).entries, ["h:1"]);
    assert.equal(daemonJson.remove(added.text, insecure, "h:1", added.note), text);
  }
});

test("what is no problem: null, an absent key, other people's duplicates, escapes", () => {
  assert.deepEqual(daemonJson.read('{"insecure-registries":null}', insecure, old), {
    entries: [],
    present: true,
  });
  assert.deepEqual(daemonJson.read('{"a":1,"a":2}', insecure, old), { entries: [], present: false });
  assert.deepEqual(daemonJson.read(null, insecure, old), { entries: [], present: false });
  assert.deepEqual(daemonJson.read('{"insecure-registries":["\\u0061"]}', insecure, old).entries, ["a"]);
  assert.equal(daemonJson.read('{"registry-mirror":[]}', insecure, old).problem, undefined);
  assert.match(
    daemonJson.read('{"registry-mirror":[]}', registryMirrors, old).problem?.problem ?? "",
    /nothing/,
  );
});

test("a broken text is never edited", () => {
  assert.throws(() => daemonJson.add("{", insecure, "h:1"), /INTERNAL/);
  assert.throws(() => daemonJson.remove("{", insecure, "h:1", undefined), /INTERNAL/);
});

test("undo takes only its own entry when the list changed since", () => {
  const added = daemonJson.add('{"a": 1}', insecure, "h:1");
  const grown = added.text.replace('["h:1"]', '["h:1", "theirs:2"]');
  assert.equal(
    daemonJson.remove(grown, insecure, "h:1", added.note),
    '{"a": 1, "insecure-registries": ["theirs:2"]}',
  );
  const reprinted = JSON.stringify(JSON.parse(added.text), null, 4);
  assert.equal(daemonJson.remove(reprinted, insecure, "h:1", added.note), '{\n    "a": 1\n}');
  const kept = daemonJson.add('{"insecure-registries": ["h:1"]}', insecure, "h:1");
  assert.equal(daemonJson.remove(kept.text, insecure, "h:1", kept.note), kept.text);
});

test("without a note the entry goes, and the key stays", () => {
  assert.equal(
    daemonJson.remove('{"insecure-registries": ["h:1"]}', insecure, "h:1", undefined),
    '{"insecure-registries": []}',
  );
  const twice = '{"insecure-registries": ["h:1", "a", "h:1", "h:1", "b", "h:1"]}';
  assert.equal(daemonJson.remove(twice, insecure, "h:1", undefined), '{"insecure-registries": ["a", "b"]}');
  assert.equal(daemonJson.remove('{"a":1}', insecure, "h:1", undefined), '{"a":1}');
});

test("the two writes of an undo by reload", () => {
  const created = daemonJson.add(null, insecure, "h:1");
  assert.equal(emptied(created.text, insecure, "h:1", created.note), '{\n  "insecure-registries": []\n}\n');
  const added = daemonJson.add('{"a": 1}', insecure, "h:1");
  const between = emptied(added.text, insecure, "h:1", added.note);
  assert.equal(between, '{"a": 1, "insecure-registries": []}');
  // An undo that was ended between its two writes is taken up again.
  assert.equal(daemonJson.remove(between, insecure, "h:1", added.note), '{"a": 1}');
  // The engine may not have loaded it yet.
  assert.equal(emptied(between, insecure, "h:1", added.note), between);
  for (const text of [
    '{"insecure-registries": []}',
    '{"insecure-registries": null}',
    '{"insecure-registries": ["a"]}',
  ]) {
    const more = daemonJson.add(text, insecure, "h:1");
    assert.equal(emptied(more.text, insecure, "h:1", more.note), null, "one write is enough");
  }
});

test("live-restore is set and taken back", () => {
  for (const text of [null, "{}", '{"a":1}', '{"live-restore": false, "a": 1}', '{"live-restore":null}']) {
    const set = setBoolean(text, "live-restore", true);
    assert.deepEqual(readBoolean(set.text, "live-restore"), { value: true });
    assert.equal(removeKey(set.text, "live-restore", set.note), text);
  }
  const on = '{"live-restore": true}';
  assert.deepEqual(setBoolean(on, "live-restore", true), { text: on, note: { kind: "unchanged" } });
  assert.equal(removeKey(on, "live-restore", { kind: "unchanged" }), on);
  const had = setBoolean('{"live-restore": false}', "live-restore", true);
  const dropped = had.text.replace("true", "null");
  assert.equal(removeKey(dropped, "live-restore", had.note), dropped, "changed by other hands");
});

test("live-restore beside the list, in either order of undo", () => {
  for (const text of [null, "{ }", '{"a": 1}\n']) {
    const live = setBoolean(text, "live-restore", true);
    const listed = daemonJson.add(live.text, insecure, "h:1", [live.note]);
    const one = daemonJson.remove(listed.text, insecure, "h:1", listed.note);
    assert.equal(removeKey(one ?? "", "live-restore", live.note), text);
    const other = removeKey(listed.text, "live-restore", live.note);
    assert.equal(daemonJson.remove(other ?? "", insecure, "h:1", listed.note), text);
  }
});

test("a key that is to be forgotten is turned back first", () => {
  const set = setBoolean('{"a":1}', "live-restore", true);
  const back = keyTurnedBack(set.text, "live-restore", false, set.note);
  assert.equal(back, '{"a":1,"live-restore":false}');
  assert.equal(removeKey(back, "live-restore", set.note), '{"a":1}');
  const had = setBoolean('{"live-restore":false}', "live-restore", true);
  assert.equal(keyTurnedBack(had.text, "live-restore", false, had.note), null);
});

test("switches that must not be touched", () => {
  assert.match(readBoolean('{"live-restore": "yes"}', "live-restore").problem?.problem ?? "", /neither/);
  assert.match(
    readBoolean('{"live-restore":true,"live-restore":false}', "live-restore").problem?.problem ?? "",
    /twice/,
  );
  assert.throws(() => setBoolean("{", "live-restore", true), /INTERNAL/);
});

const gap = fc.constantFrom("", " ", "\n", "\n\t", "\r\n    ", "  ");
const value = fc.constantFrom(
  "1",
  '"x"',
  "[ 1,2 ]",
  "{ }",
  '{"insecure-registries": ["in a deeper place"]}',
  "null",
  '"\\u00e9 {,}"',
);
const list = fc
  .tuple(gap, fc.subarray(['"old.test:5000"', '"10.0.0.0/8"', '"b"']), gap, gap)
  .map(([a, items, b, c]) => `[${a}${items.join(`${b},${c}`)}${b}]`);
const property = fc.oneof(
  fc
    .tuple(fc.constantFrom("debug", "log-opts", "dns", "é"), gap, value)
    .map(([key, space, text]) => `"${key}":${space}${text}`),
  fc
    .tuple(
      fc.constantFrom("insecure-registries", "registry-mirrors"),
      gap,
      fc.oneof(list, fc.constant("null")),
    )
    .map(
      ([key, space, text]) =>
        `"${key}"${space}:${space}${key === "registry-mirrors" ? text.replace(/"(\w)/g, '"https://$1') : text}`,
    ),
);
const document = fc
  .tuple(
    fc.uniqueArray(property, { maxLength: 5, selector: (text) => text.split('"')[1] }),
    gap,
    gap,
    gap,
    fc.boolean(),
  )
  .map(
    ([properties, a, b, c, mark]) =>
      `${mark ? "\uFEFF" : ""}${c.replace(/\t/g, "")}{${a}${properties.join(`${b},${c}`)}${a}}${b}`,
  );

test("laws of the list, for documents of every shape", () => {
  const texts = fc.oneof(
    { weight: 8, arbitrary: document },
    { weight: 1, arbitrary: fc.constantFrom(null, "", "\n", "{}\n") },
  );
  checkLaws({
    format: daemonJson,
    texts,
    foreignEdits: [
      { applies: () => true, edit: (text) => text.replace(/"(debug|dns)":(\s*)1/, '"$1":$2true') },
      { applies: (text) => /\{\s*"/.test(text), edit: (text) => text.replace("{", '{"zz" :1 ,') },
      { applies: (text) => text.includes("{"), edit: (text) => `${text}\n\n` },
    ],
  });
});

test("JSON.parse sees the entry and nothing else changed", () => {
  fc.assert(
    fc.property(document, (text) => {
      const bare = (each: string): Record<string, unknown> => JSON.parse(each.replace("\uFEFF", ""));
      const before = bare(text);
      const listed = before["insecure-registries"];
      const after = bare(daemonJson.add(text, insecure, "h:1").text);
      assert.deepEqual(Object.keys(after).slice(0, Object.keys(before).length), Object.keys(before));
      assert.deepEqual(after, {
        ...before,
        "insecure-registries": [...(Array.isArray(listed) ? listed : []), "h:1"],
      });
    }),
  );
});
