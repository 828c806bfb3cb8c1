/** Files that setup writes as a whole: what it writes it reads, and nothing else does it take for its own. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  addConfigPath,
  readContainerdDump,
  removeConfigPath,
} from "../../../src/platform/formats/containerd-config.ts";
import {
  everything,
  type HostsToml,
  parseHostsToml,
  readHostsToml,
  renderHostsToml,
} from "../../../src/platform/formats/hosts-toml.ts";
import {
  readOwnRegistry,
  readRegistriesConf,
  renderOwnRegistry,
  tableFor,
} from "../../../src/platform/formats/registries-conf.ts";
import { fixture } from "../engines/file-host.ts";

const names = fc.constantFrom("reg.test:5000", "reg.test", "10.0.0.1:5000", "[fd00::5]:5000", "docker.io");

const plain = { noNullPrototype: true } as const;

describe("registries.conf", () => {
  const mirror = fc.record({ location: names, insecure: fc.boolean() }, plain);
  const mirrors = fc.array(mirror, { maxLength: 3 });
  const own = fc.record({ registry: names, insecure: fc.boolean(), mirrors }, plain);

  it("what is written is read again, and not when anything was changed in it", () => {
    fc.assert(
      fc.property(own, (registry) => {
        const text = renderOwnRegistry(registry);
        assert.deepEqual(readOwnRegistry(text), registry);
        assert.equal(readOwnRegistry(`${text}# mine\n`), null);
        assert.equal(readOwnRegistry(text.replace("[[registry]]", "[[registry]]\nblocked = false")), null);
      }),
    );
  });

  it("files of others are read with all that counts", () => {
    const { tables, isVersion1, problem } = readRegistriesConf(fixture("podman/theirs.conf"));
    assert.deepEqual([isVersion1, problem], [false, undefined]);
    assert.deepEqual(
      tables.map(({ prefix, blocked, insecure, mirrors }) => [prefix, blocked, insecure, mirrors.length]),
      [
        ["blocked.test", true, false, 0],
        ["docker.io", false, false, 1],
        ["*.lab.test", false, true, 0],
      ],
    );
    assert.equal(tableFor(tables, "a.lab.test:5000")?.prefix, "*.lab.test");
    assert.equal(tableFor(tables, "lab.test"), undefined);
    assert.equal(tableFor(tables, "blocked.test:5000")?.prefix, "blocked.test");
    assert.equal(tableFor(tables, "unblocked.test"), undefined);
  });

  it("of two tables of a registry the last counts, and the longer prefix before both", () => {
    const conf = (insecure: boolean, location: string) =>
      readRegistriesConf(`[[registry]]\nlocation = "${location}"\ninsecure = ${insecure}\n`).tables;
    const tables = [...conf(true, "a.test"), ...conf(false, "a.test"), ...conf(true, "a.test:5000")];
    assert.equal(tableFor(tables, "a.test")?.insecure, false);
    assert.equal(tableFor(tables, "a.test:5000")?.insecure, true);
    assert.equal(tableFor(tables, "a.test:5001")?.insecure, false);
  });

  it("the old form and a broken text are known for what they are", () => {
    assert.equal(readRegistriesConf(fixture("podman/version-1.conf")).isVersion1, true);
    assert.partialDeepStrictEqual(readRegistriesConf("a = 1\n[[registry]\n").problem, { line: 2 });
  });
});

describe("hosts.toml", () => {
  const how = {
    skipVerify: fc.constant(true as const),
    ca: fc.constant(["ca.crt"]),
    client: fc.constant([["client.cert", "client.key"] as const]),
  };
  const endpoint = fc
    .record({ scheme: fc.constantFrom("http", "https"), name: names })
    .map(({ scheme, name }) => `${scheme}://${name}`);
  const file = fc.record(
    {
      server: fc.record({ url: endpoint, ...how }, { ...plain, requiredKeys: ["url"] }),
      hosts: fc.uniqueArray(
        fc.record(
          { url: endpoint, capabilities: fc.constantFrom(everything, ["pull", "resolve"] as const), ...how },
          { ...plain, requiredKeys: ["url", "capabilities"] },
        ),
        { minLength: 1, maxLength: 3, selector: ({ url }) => url },
      ),
    },
    plain,
  );

  it("what is written is read again, and not when anything was changed in it", () => {
    fc.assert(
      fc.property(file, (given) => {
        const text = renderHostsToml(given as HostsToml);
        assert.deepEqual(readHostsToml(text), given);
        assert.equal(readHostsToml(`${text}\n`), null);
        assert.equal(readHostsToml(text.slice(1)), null);
      }),
    );
  });

  it("files of others are read where they can be", () => {
    assert.equal(parseHostsToml("[host")?.hosts, undefined);
    const read = parseHostsToml('[host."https://a.test"]\n  skip_verify = true\n');
    assert.deepEqual(read?.hosts, [{ url: "https://a.test", capabilities: [], skipVerify: true }]);
  });
});

describe("containerd's configuration", () => {
  it("says whether CRI is there and looks, in every form", () => {
    const dumps = ["dump-2.1", "dump-1.6-mirrors", "dump-1.7-docker"].map((name) =>
      readContainerdDump(fixture(`containerd/${name}.toml`)),
    );
    assert.deepEqual(dumps, [
      { version: 3, configPath: [], isOldWay: false, hasCri: true },
      { version: 2, configPath: [], isOldWay: true, hasCri: true },
      { version: 2, configPath: [], isOldWay: false, hasCri: false },
    ]);
    const looking = fixture("containerd/dump-2.1.toml").replace("config_path = ''", "config_path = '/a:/b'");
    assert.deepEqual(readContainerdDump(looking)?.configPath, ["/a", "/b"]);
    assert.equal(readContainerdDump("ctr: no"), null);
  });

  const folder = "/etc/containerd/certs.d";
  const texts = [fixture("containerd/config-debian.toml"), "version = 3\n", null];
  for (const text of texts) {
    it(`a setting is added so that it counts, and goes byte for byte: ${JSON.stringify(text?.slice(0, 12))}`, () => {
      const added = addConfigPath(text, folder, 3);
      assert.ok("text" in added);
      assert.deepEqual(readContainerdDump(added.text)?.configPath, [folder]);
      // Without a file of its own, or one that says nothing more than its form.
      assert.equal(removeConfigPath(added.text), text === "version = 3\n" ? null : text);
      assert.equal(removeConfigPath(added.text.replace("# regctl: end\n", "")), undefined);
    });
  }

  it("it is not added where it would break the file", () => {
    const has = `${fixture("containerd/config-debian.toml")}[plugins."io.containerd.grpc.v1.cri".registry]\n`;
    assert.ok("cannot" in addConfigPath(has, folder, 3));
    assert.ok("cannot" in addConfigPath("[plugins]\n", folder, 3), "version 1 has another place for it");
  });
});
