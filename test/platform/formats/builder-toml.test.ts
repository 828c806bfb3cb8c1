import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  type RegistryKeys,
  registriesOf,
  withoutChange,
  withRegistryKeys,
} from "../../../src/platform/formats/builder-toml.ts";

const names = fc.constantFrom("reg.test:5000", "docker.io", "[fd00::5]:5000");
const table = fc.record(
  {
    http: fc.boolean(),
    insecure: fc.boolean(),
    mirrors: fc.uniqueArray(fc.constantFrom("a.test", "b.test:5000"), { minLength: 1 }),
    ca: fc.constant(["/x/ca.pem"]),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const tables = fc.dictionary(
  names,
  table.filter((keys) => Object.keys(keys).length > 0),
  { noNullPrototype: true },
);
const head = fc.constantFrom(
  "",
  "debug = true\n",
  '[log]\nformat = "json"\n[worker.oci]\nmax-parallelism = 4\n',
);
const texts = fc.tuple(head, tables).map(([text, registries]) => withRegistryKeys(text, registries));

describe("the file of a builder", () => {
  it("gets keys of registries and nothing else, and gives them back", () => {
    fc.assert(
      fc.property(texts, tables, (text, changes) => {
        const after = withRegistryKeys(text, changes);
        for (const [name, keys] of Object.entries(changes)) {
          assert.partialDeepStrictEqual(registriesOf(after)[name], keys);
        }
        assert.equal(withRegistryKeys(after, changes), after);
        const back = withoutChange(after, text, after);
        assert.deepEqual(registriesOf(back), registriesOf(text));
      }),
    );
  });

  it("two changes go in either order", () => {
    const insecure: RegistryKeys = { "reg.test:5000": { http: true, insecure: true } };
    const mirror: RegistryKeys = { "docker.io": { mirrors: ["a.test", "reg.test:5000"] } };
    const text = withRegistryKeys("debug = true\n", { "docker.io": { mirrors: ["a.test"] } });
    const one = withRegistryKeys(text, insecure);
    const two = withRegistryKeys(one, mirror);
    for (const order of [
      [one, two, text, one],
      [text, one, one, two],
    ] as const) {
      const [before, after, earlier, later] = order;
      assert.equal(withoutChange(withoutChange(two, before, after), earlier, later), text);
    }
  });

  it("what others changed since stays theirs", () => {
    const text = withRegistryKeys("", { "reg.test": { http: true } });
    const after = withRegistryKeys(text, {
      "reg.test": { insecure: true },
      "docker.io": { mirrors: ["m.test"] },
    });
    const theirs = withRegistryKeys(after, {
      "reg.test": { insecure: false },
      "docker.io": { mirrors: ["m.test", "n.test"] },
    });
    assert.deepEqual(registriesOf(withoutChange(theirs, text, after)), {
      "reg.test": { http: true, insecure: false },
      "docker.io": { mirrors: ["n.test"] },
    });
    assert.equal(withoutChange("", "", withRegistryKeys("", { a: { http: true } })), "");
  });
});
