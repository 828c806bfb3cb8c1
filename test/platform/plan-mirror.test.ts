/** Mirrors: which URLs are taken, and what is planned for Docker's engine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostFacts } from "../../src/platform/facts.ts";
import { judgeMirror } from "../../src/platform/mirror-name.ts";
import { appliedBy, type Plan } from "../../src/platform/plan.ts";
import { planMirror } from "../../src/platform/plan-mirror.ts";
import { systemd, systemdDockerIo } from "../../src/platform/platforms/systemd.ts";
import { daemonProcess, engineFacts, freezeDeep, hostFacts, hostFiles } from "./hosts.ts";
import { defaults, edits, json, refusal } from "./planning.ts";

const url = "https://mirror.test:5000/";

function plan(facts: HostFacts, upstream = "docker.io", platform = systemd): Plan {
  const request = { kind: "mirror", mirror: judgeMirror(url), upstream } as const;
  return planMirror(freezeDeep({ request, facts, platform, evidence: [], earlier: {} }));
}

function change(facts: HostFacts, platform = systemd) {
  const made = plan(facts, "docker.io", platform);
  assert.ok(made.kind === "change", JSON.stringify(made));
  return made;
}

describe("the URL of a mirror", () => {
  const taken: readonly (readonly [given: string, url: string, registry: string])[] = [
    ["https://mirror.test:5000", url, "mirror.test:5000"],
    [url, url, "mirror.test:5000"],
    ["HTTPS://Mirror.Test", "https://mirror.test/", "mirror.test"],
    ["http://10.0.0.5:5000", "http://10.0.0.5:5000/", "10.0.0.5:5000"],
    ["https://[fd00::5]:5000", "https://[fd00::5]:5000/", "[fd00::5]:5000"],
  ];
  for (const [given, expected, registry] of taken) {
    test(given, () => assert.partialDeepStrictEqual(judgeMirror(given), { url: expected, registry }));
  }
  test("a plain one is said to be plain", () => {
    assert.match(judgeMirror("http://m.test:5000").said.join(), /neither encrypted nor verified/);
    assert.deepEqual(judgeMirror(url).said, []);
  });
  for (const given of [
    "mirror.test:5000",
    "ftp://mirror.test",
    "https://u:p@mirror.test",
    "https://mirror.test/v2/",
    "https://mirror.test?x=1",
    "https://10.0.0.0/8",
    "https://",
    "https://under_score",
  ]) {
    test(`refused: ${given}`, () => {
      const facts = refusal("BAD_REGISTRY", () => judgeMirror(given));
      assert.doesNotMatch(JSON.stringify(facts), /u:p/, "no password is repeated");
    });
  }
});

describe("what is planned for a mirror", () => {
  test("a new key and a reload", () => {
    const made = change(hostFacts());
    assert.deepEqual(edits(made), [[json, `{\n  "registry-mirrors": ["${url}"]\n}\n`]]);
    assert.deepEqual(
      [made.phases[0]?.expect, appliedBy(made)],
      [{ listed: {}, mirrors: { [url]: true } }, "reload"],
    );
    const [edit] = made.phases[0]?.edits ?? [];
    assert.deepEqual([edit?.change?.purpose, edit?.change?.setting], ["list", "registry-mirrors"]);
  });

  test("after those that are there, which are asked first", () => {
    const facts = hostFacts({ files: hostFiles({ [json]: '{"registry-mirrors": ["https://a.test"]}' }) });
    const made = change(facts);
    assert.deepEqual(edits(made), [[json, `{"registry-mirrors": ["https://a.test", "${url}"]}`]]);
    assert.match(made.notes.join(), /asked before it: https:\/\/a\.test/);
  });

  test("already, with and without the slash at its end", () => {
    const text = `{"registry-mirrors":["${url.slice(0, -1)}"]}`;
    const engine = engineFacts({ mirrors: [url] });
    const made = plan(hostFacts({ files: hostFiles({ [json]: text }), engine }));
    assert.deepEqual(made.kind === "nothing" && [made.why, made.detail], ["already", url]);
    const loaded = change(hostFacts({ files: hostFiles({ [json]: text }) }));
    assert.deepEqual([edits(loaded), appliedBy(loaded)], [[], "reload"]);
  });

  test("engines before 17.04 start anew, for they do not read the key on a signal", () => {
    for (const [version, how] of [
      ["1.13.1", "restart"],
      ["17.03.2-ce", "restart"],
      ["17.04.0-ce", "reload"],
    ] as const) {
      const facts = hostFacts({ engine: engineFacts({ version }) });
      assert.equal(appliedBy(change(facts, systemdDockerIo)), how, version);
    }
  });

  test("where flags own it, in the flags", () => {
    const daemons = [daemonProcess(["dockerd", "--registry-mirror", "https://a.test/"])];
    const files = hostFiles({ [defaults]: 'DOCKER_OPTS="--registry-mirror https://a.test/"\n' });
    const made = change(hostFacts({ daemons, files }), systemdDockerIo);
    assert.match(
      edits(made)[0]?.[1] ?? "",
      /--registry-mirror https:\/\/a\.test\/ --registry-mirror https:\/\/mirror/,
    );
    assert.equal(appliedBy(made), "restart");
  });

  test("for another registry than Docker Hub it is refused with the reason", () => {
    const facts = refusal("ENGINE_CANNOT", () => plan(hostFacts(), "quay.io"));
    assert.match(JSON.stringify(facts), /Docker Hub alone/);
  });
});
