/** What is planned so that Docker's engine trusts a registry: one row for each case. Planning is pure. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TrustRequest } from "../../src/platform/change-request.ts";
import type { ChangePlan, Plan } from "../../src/platform/plan.ts";
import { planTrust, type TrustInput } from "../../src/platform/plan-trust.ts";
import { systemd } from "../../src/platform/platforms/systemd.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { engineFacts, freezeDeep, hostFacts, hostFile, hostFiles } from "./hosts.ts";
import { edits, json, refusal, registry } from "./planning.ts";
import { certificate, requestsFor } from "./requests.ts";

const certsFolder = "/etc/docker/certs.d";
const folder = `${certsFolder}/${registry}`;
const { trust } = requestsFor(registry);
const pem = certificate().pem;

/** A folder that is there, as the look at a host tells it. */
const there = (path: string) => ({ [path]: hostFile(path, null, { unreadable: true, mode: "755" }) });

function plan(given: Partial<TrustInput> = {}): Plan {
  const input = freezeDeep({
    ...{ request: trust, facts: hostFacts(), platform: systemd, evidence: ["seen"], certsFolder },
    ...{ before: "trust" as const, leadsInto: null, standing: [] },
    ...given,
  });
  const made = planTrust(input);
  assert.deepEqual(planTrust(input), made);
  return made;
}

function change(given: Partial<TrustInput> = {}): ChangePlan {
  const made = plan(given);
  assert.ok(made.kind === "change", JSON.stringify(made));
  return made;
}

function nothing(given: Partial<TrustInput> = {}) {
  const made = plan(given);
  assert.ok(made.kind === "nothing", JSON.stringify(made));
  return [made.why, made.detail];
}

const asking = (more: Partial<TrustRequest>): TrustRequest => ({ ...trust, ...more });
const listedIn = (text: string, ...entries: readonly string[]) =>
  hostFacts({ files: hostFiles({ [json]: text }), engine: engineFacts({ insecure: entries }) });

describe("the certificate's file", () => {
  test("a new one, its folders with it, no reload, and the engine's own word for a proof", () => {
    const made = change({ facts: hostFacts({ files: there("/etc/docker") }) });
    assert.deepEqual(edits(made), [[`${folder}/ca.crt`, pem]]);
    const [edit] = made.phases[0]?.edits ?? [];
    assert.deepEqual([edit?.folders, edit?.mode], [[folder, certsFolder], "644"]);
    assert.deepEqual(
      made.phases.map(({ activation }) => activation.kind),
      ["none"],
    );
    assert.deepEqual(made.phases.at(-1)?.expect.trusted, [{ registry, mustAnswer: false }]);
    assert.deepEqual([made.path, made.owner, made.consents], [`${folder}/ca.crt`, "file", []]);
  });

  test("somebody else's stays, and ours has a name of its own", () => {
    const files = hostFiles({ [`${folder}/ca.crt`]: "theirs" });
    const made = change({ facts: hostFacts({ files }) });
    assert.deepEqual(edits(made), [[`${folder}/regctl-abababab.crt`, pem]]);
    assert.match(made.notes.join(), /somebody else's and stays/);
  });

  test("ours of an earlier run gives way to another authority", () => {
    const path = `${folder}/ca.crt`;
    const file = hostFile(path, "ours before");
    const entry = {
      ...({ version: 1, id: "1", at: "", by: "", action: "trust", registry, state: "done" } as const),
      edits: [
        {
          ...{
            path,
            target: path,
            beforeSha: null,
            afterSha: file.sha256,
            backup: null,
            mode: "644",
            uid: 0,
            gid: 0,
          },
          change: {
            purpose: "file",
            format: "certificate",
            entry: registry,
            note: { kind: "unchanged" },
          } as const,
        },
      ],
    };
    const made = change({ facts: hostFacts({ files: { [path]: file } }), standing: [entry] });
    assert.deepEqual(edits(made), [[path, pem]]);
    assert.equal(made.phases[0]?.edits[0]?.before, "ours before");
  });

  test("what cannot be read asks for more rights", () => {
    const path = `${folder}/ca.crt`;
    const files = { [path]: hostFile(path, null, { unreadable: true }) };
    refusal("NO_RIGHTS", () => plan({ facts: hostFacts({ files }) }));
  });

  test("one that holds the authority already is enough, under any name", {
    skip: withoutOpenssl,
  }, async () => {
    await using authority = await createTlsAuthority();
    const { parseCertificate } = await import("../../src/platform/trust/certificate.ts");
    const request = requestsFor(registry, parseCertificate(authority.ca)).trust;
    const files = hostFiles({ [`${folder}/company.crt`]: `# the company's\n${authority.ca}` });
    const facts = hostFacts({ files });
    assert.deepEqual(nothing({ request, facts, before: "trusted" }), ["trusted", registry]);
    assert.deepEqual(
      edits(change({ request, facts })),
      [],
      "the engine says no: it is asked once more, and tells why",
    );
  });

  test("a client's key is its owner's alone, comes before its certificate, and is shown nowhere", () => {
    const client = { certificate: "CERT\n", key: "KEY\n" };
    const made = change({ request: asking({ client }) });
    assert.deepEqual(
      made.phases[0]?.edits.map(({ path, mode, secret }) => [
        path.slice(folder.length + 1),
        mode,
        secret === true,
      ]),
      [
        ["client.key", "600", true],
        ["client.cert", "644", false],
        ["ca.crt", "644", false],
      ],
    );
    const facts = hostFacts({ files: hostFiles({ [`${folder}/client.cert`]: "theirs" }) });
    const beside = change({ request: asking({ client }), facts });
    assert.ok(edits(beside).some(([path]) => path === `${folder}/regctl.key`));
  });
});

describe("what is there already", () => {
  test("an engine that verifies needs nothing", () => {
    assert.deepEqual(nothing({ before: "trusted" }), ["trusted", registry]);
  });

  test("but for a client's certificate, the system, or a name that leads to its own machine", () => {
    for (const more of [
      { request: asking({ client: { certificate: "C", key: "K" } }) },
      { request: asking({ system: true }) },
      { leadsInto: "loopback" as const },
    ]) {
      assert.equal(change({ before: "trusted", ...more }).kind, "change");
    }
  });

  test("loopback addresses are trusted as they are, ::1 since 28", () => {
    assert.deepEqual(nothing({ request: requestsFor("127.0.0.1:5000").trust }), [
      "loopback",
      "127.0.0.1:5000",
    ]);
    const six = { request: requestsFor("[::1]:5000").trust };
    assert.deepEqual(
      nothing({ ...six, facts: hostFacts({ engine: engineFacts({ version: "28.5.2" }) }) })[0],
      "loopback",
    );
    assert.equal(change(six).kind, "change");
  });

  test("a network of the list would make every proof worthless", () => {
    const facts = hostFacts({ engine: engineFacts({ insecure: ["10.0.0.0/8"] }) });
    refusal("CONFIG_CONFLICT", () => plan({ request: requestsFor("10.1.2.3:5000").trust, facts }));
    refusal("CONFIG_CONFLICT", () => plan({ leadsInto: "network" }));
  });
});

describe("an insecure entry", () => {
  test("goes after the certificate came, by two writes where the engine would not forget it", () => {
    const made = change({ facts: listedIn(`{"insecure-registries":["${registry}"]}`, registry) });
    assert.deepEqual(edits(made), [
      [`${folder}/ca.crt`, pem],
      [json, `{"insecure-registries":[]}`],
    ]);
    assert.deepEqual(made.phases.at(-1)?.expect.trusted, [{ registry, mustAnswer: true }]);
    assert.deepEqual(
      made.phases.map(({ activation }) => activation.kind),
      ["none", "reload"],
    );
    assert.deepEqual(
      made.consents.map(({ id, flag }) => [id, flag]),
      [["unlist", "--yes"]],
    );
  });

  test("in every spelling, and no other", () => {
    const text = `{"insecure-registries":["a.test","http://${registry}","${registry}"]}`;
    const made = change({ facts: listedIn(text, "a.test", registry) });
    assert.equal(edits(made).at(-1)?.[1], '{"insecure-registries":["a.test"]}');
  });

  test("that only the engine still holds is forgotten by a list that is loaded and taken away", () => {
    const made = change({ facts: listedIn("{}", registry) });
    assert.deepEqual(
      edits(made).map(([path]) => path),
      [`${folder}/ca.crt`, json, json],
    );
    assert.deepEqual([edits(made)[1]?.[1]?.includes("[]"), edits(made)[2]?.[1]], [true, "{}"]);
  });
});

describe("the operating system", () => {
  const request = asking({ system: true });
  test("has its own place and its own program", () => {
    const rows = [
      [{ ID: "ubuntu", ID_LIKE: "debian" }, "/usr/local/share/ca-certificates/", "update-ca-certificates"],
      [
        { ID: "rocky", ID_LIKE: "rhel centos fedora" },
        "/etc/pki/ca-trust/source/anchors/",
        "update-ca-trust",
      ],
      [{ ID: "alpine" }, "/usr/local/share/ca-certificates/", "update-ca-certificates"],
      [
        { ID: "opensuse-leap", ID_LIKE: "suse opensuse" },
        "/etc/pki/trust/anchors/",
        "update-ca-certificates",
      ],
    ] as const;
    for (const [osRelease, place, program] of rows) {
      const made = change({ request, facts: hostFacts({ osRelease }) });
      const phase = made.phases.find(({ activation }) => activation.kind === "command");
      assert.equal(phase?.edits[0]?.path, `${place}regctl-reg.test_5000-abababab.crt`);
      assert.ok(phase?.activation.kind === "command" && phase.activation.commands[0]?.[0] === program);
    }
  });

  test("that is not known is left alone, with the reason", () => {
    const facts = (osRelease: Readonly<Record<string, string>>) => hostFacts({ osRelease });
    const unknown = refusal("ENGINE_CANNOT", () => plan({ request, facts: facts({ ID: "plan9" }) }));
    assert.match(unknown.why, /plan9/);
    const keychain = refusal("ENGINE_CANNOT", () => plan({ request, facts: facts({}) }));
    assert.match(keychain.instead.join("\n"), /^on macOS: sudo security add-trusted-cert /m);
  });
});

test("a name with and without the port of HTTPS is said to be two names", () => {
  for (const [name, other] of [
    ["reg.test", "reg.test:443"],
    ["reg.test:443", "reg.test"],
  ] as const) {
    assert.equal(judgeRegistry(name).registry, name);
    assert.match(change({ request: requestsFor(name).trust }).notes.join(), new RegExp(`not for ${other}/`));
  }
  assert.deepEqual(change().notes, []);
});
