import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  emptyRegistry,
  readBuildkitdToml,
  readOwnBlock,
  withBlock,
} from "../../../src/platform/formats/buildkitd-toml.ts";

const registry = "reg.test:5000";
const empty = emptyRegistry(registry);
const insecure = { ...empty, http: true, insecure: true };
const trusted = {
  ...empty,
  ca: ["/etc/buildkit/certs.d/reg.test:5000/ca.crt"],
  keypairs: [["/c.cert", "/c.key"]] as const,
};

const texts = {
  "an empty text": "",
  "settings of somebody": '# ours\n[worker.oci]\n  gc = true # keep\n[registry."docker.io"]\n  http = true\n',
  "no line end at the end": "debug = true",
  "blank lines at the end": "debug = true\n\n",
  "windows' line ends": "debug = true\r\n",
};

describe("buildkitd.toml", () => {
  for (const [name, text] of Object.entries(texts)) {
    it(`a block comes, changes and goes, and nothing else does: ${name}`, () => {
      const first = withBlock(text, null, insecure);
      assert.deepEqual(readOwnBlock(first, registry), insecure);
      const second = withBlock(first, insecure, trusted);
      assert.deepEqual(readOwnBlock(second, registry), trusted);
      assert.equal(withBlock(second, trusted, empty), text);
    });

    it(`two go in either order: ${name}`, () => {
      const other = { ...emptyRegistry("docker.io.test"), mirrors: [registry] };
      const gone = emptyRegistry(other.registry);
      const both = withBlock(withBlock(text, null, insecure), null, other);
      assert.equal(withBlock(withBlock(both, other, gone), insecure, empty), text);
      assert.equal(withBlock(withBlock(both, insecure, empty), other, gone), text);
    });
  }

  it("is written as BuildKit's manual has it", () => {
    assert.equal(
      withBlock("", null, { ...insecure, ...trusted, http: true, mirrors: ["m:5000"] }),
      `# Written by regctl; \`regctl setup undo\` takes it away.
[registry."reg.test:5000"]
  http = true
  ca = ["/etc/buildkit/certs.d/reg.test:5000/ca.crt"]
  mirrors = ["m:5000"]
  [[registry."reg.test:5000".keypair]]
    key = "/c.key"
    cert = "/c.cert"
`,
    );
  });

  it("somebody's table is not taken for ours, nor one that somebody goes on with", () => {
    const text = withBlock("", null, insecure);
    assert.equal(readOwnBlock(`${text}# theirs\n  other = 1\n`, registry), null);
    assert.equal(readOwnBlock(text.replace("# Written", "# written"), registry), null);
    assert.deepEqual(readOwnBlock(`${text}[dns]\n`, registry), insecure);
  });

  it("says where a text breaks", () => {
    assert.equal(readBuildkitdToml('[registry."a"]\nhttp = yes\n').problem?.line, 2);
    assert.deepEqual(readBuildkitdToml("registry = 1\n"), { tables: [] });
  });
});
