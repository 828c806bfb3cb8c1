/** What engines make of certificates, and which of them is to be trusted: decided without a host. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { type AuthorityQuestion, chooseAuthority } from "../../src/platform/trust/authority.ts";
import {
  type CertificateFacts,
  parseCertificate,
  parseCertificates,
  parseFingerprint,
} from "../../src/platform/trust/certificate.ts";
import { whyNotTrusted } from "../../src/platform/trust/judge-chain.ts";
import { findFlaw } from "../../src/platform/trust/judge-leaf.ts";
import { createTlsAuthority, type IssueOptions, withoutOpenssl } from "../support/tls-authority.ts";
import { refusal } from "./planning.ts";

const skip = withoutOpenssl;
const now = () => Math.floor(Date.now() / 1000);
const day = 86_400;

const one = (pem: string): CertificateFacts => parseCertificates(Buffer.from(pem))[0] ?? assert.fail();

describe("certificates", { skip }, () => {
  test("are read from PEM with anything around it, from several at once, and from DER", async () => {
    await using authority = await createTlsAuthority("A, B");
    const { cert } = await authority.issue({
      names: ["DNS:reg.test", "DNS:*.wild.test", "IP:10.0.0.5", "IP:fd00::5"],
    });
    const noisy = `some words\r\n${cert.replaceAll("\n", "\r\n")}\nmore\n${authority.ca}`;
    const [leaf, ca] = parseCertificates(Buffer.from(noisy));
    assert.ok(leaf && ca);
    assert.deepEqual(leaf.names, ["DNS:reg.test", "DNS:*.wild.test", "IP:10.0.0.5", "IP:FD00:0:0:0:0:0:0:5"]);
    assert.deepEqual(
      [leaf.isAuthority, leaf.selfSigned, ca.isAuthority, ca.selfSigned],
      [false, false, true, true],
    );
    assert.equal(leaf.issuer, ca.subject);
    const der = Buffer.from(ca.pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
    assert.deepEqual(parseCertificates(der), [ca]);
    assert.equal(parseCertificate(ca.pem).pem, ca.pem);
    for (const none of [
      "",
      "no certificate",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ]) {
      assert.deepEqual(parseCertificates(Buffer.from(none)), []);
    }
  });

  test("fingerprints are taken in every form in which they are copied", () => {
    const digits = "ab".repeat(32);
    const colons = digits.toUpperCase().replace(/..(?=.)/g, "$&:");
    for (const text of [
      digits,
      `sha256:${digits}`,
      `SHA256:${digits}`,
      colons,
      `sha256 Fingerprint=${colons}`,
      ` ${digits}\n`,
    ]) {
      assert.equal(parseFingerprint(text), `sha256:${digits}`);
    }
    for (const text of ["", "sha256:", digits.slice(2), `${digits}00`, `sha1:${digits}`, "zz".repeat(32)]) {
      assert.equal(parseFingerprint(text), null);
    }
  });
});

type Row = readonly [what: string, options: IssueOptions, host: string, flaw: string | null];

const rows: readonly Row[] = [
  ["a name", { names: ["DNS:reg.test"] }, "reg.test", null],
  ["one label of a wildcard", { names: ["DNS:*.test"] }, "reg.test", null],
  ["a name in capital letters", { names: ["DNS:REG.test"] }, "reg.test", null],
  ["the wildcard's own name", { names: ["DNS:*.reg.test"] }, "reg.test", "name"],
  ["two labels of a wildcard", { names: ["DNS:*.test"] }, "a.reg.test", "name"],
  ["an address", { names: ["IP:10.0.0.5"] }, "10.0.0.5", null],
  ["an address of IPv6 in another spelling", { names: ["IP:fd00::5"] }, "fd00:0:0:0:0:0:0:5", null],
  ["a common name alone", { names: [] }, "reg.test", "common-name"],
  ["another name", { names: ["DNS:other.test"] }, "reg.test", "name"],
  ["an address where names are", { names: ["DNS:reg.test"] }, "10.0.0.5", "address"],
  ["an address written as a name", { names: ["DNS:10.0.0.5"] }, "10.0.0.5", "address"],
  ["another address", { names: ["IP:10.0.0.6"] }, "10.0.0.5", "name"],
  ["a name where addresses are", { names: ["IP:10.0.0.5"] }, "reg.test", "name"],
  ["one that has ended", { names: ["DNS:reg.test"], expired: true }, "reg.test", "expired"],
  ["one that has not begun", { names: ["DNS:reg.test"], inDays: 2 }, "reg.test", "too-young"],
  ["one for clients", { names: ["DNS:reg.test"], client: true }, "reg.test", "purpose"],
];

describe("a certificate that no authority cures", { skip }, () => {
  for (const [what, options, host, flaw] of rows) {
    test(`${what}: ${flaw ?? "none"}`, async () => {
      await using authority = await createTlsAuthority();
      const leaf = one((await authority.issue(options)).cert);
      assert.equal(findFlaw({ leaf, host, hostNow: now(), ourNow: now() })?.id ?? null, flaw);
    });
  }

  test("a clock over there that is wrong is not the certificate's fault", async () => {
    await using authority = await createTlsAuthority();
    const leaf = one((await authority.issue({ names: ["DNS:reg.test"] })).cert);
    for (const off of [-1000 * day, 1000 * day]) {
      const found = findFlaw({ leaf, host: "reg.test", hostNow: now() + off, ourNow: now() });
      assert.equal(found?.id, "clock");
      assert.match(found.problem, /the clock of that host says \d{4}-/);
    }
  });
});

describe("a chain", { skip }, () => {
  test("leads to what is trusted by what the server sends, or ends somewhere with a reason", async () => {
    await using authority = await createTlsAuthority("root");
    await using stranger = await createTlsAuthority("stranger");
    const made = await authority.issue({ names: ["DNS:reg.test"], byIntermediate: true });
    const [leaf, ...sent] = parseCertificates(Buffer.from(made.chain ?? ""));
    const [root, other] = [one(authority.ca), one(stranger.ca)];
    assert.ok(leaf && sent.length > 0);
    const why = (given: readonly CertificateFacts[], anchors: readonly CertificateFacts[], at = now()) =>
      whyNotTrusted(leaf, given, anchors, at);
    assert.equal(why(sent, [root]), null);
    assert.equal(why([], [root, ...sent]), null, "the file may bring what the server leaves out");
    assert.equal(why([], sent), null, "what stands between may itself be trusted");
    assert.equal(why([], [leaf]), null);
    assert.match(why([], [root]) ?? "", /neither given nor sent by the server/);
    assert.match(why(sent, [other]) ?? "", /neither given nor sent by the server/);
    assert.match(why(sent, [root], now() + 1000 * day) ?? "", /expired at/);
    assert.match(why(sent, [root], now() - 1000 * day) ?? "", /not valid before/);
  });

  test("an issuer that may sign no others does not count", async () => {
    await using authority = await createTlsAuthority("root");
    const leaf = one((await authority.issue({ names: ["DNS:reg.test"] })).cert);
    const tame = { ...one(authority.ca), isAuthority: false };
    assert.match(whyNotTrusted(leaf, [], [tame], now()) ?? "", /no CA:TRUE/);
  });
});

describe("which certificate is to be trusted", { skip }, () => {
  async function openQuestion(options: IssueOptions = {}) {
    const authority = await createTlsAuthority("root");
    const made = await authority.issue({ names: ["DNS:reg.test"], ...options });
    const leaf = one(made.cert);
    const root = one(authority.ca);
    const question: AuthorityQuestion = {
      ...{ registry: "reg.test:5000", on: "h", host: "reg.test", shown: [leaf], file: null, serve: null },
      ...{ fingerprint: null, system: false, hostNow: now(), ourNow: now() },
    };
    const ask = (given: Partial<AuthorityQuestion> = {}) => chooseAuthority({ ...question, ...given });
    return { leaf, root, ask, [Symbol.asyncDispose]: () => authority[Symbol.asyncDispose]() };
  }
  const prints = (chosen: { certificates: readonly CertificateFacts[] }) =>
    chosen.certificates.map(({ fingerprint }) => fingerprint);

  test("the highest authority that the server shows, when a person says so", async () => {
    await using at = await openQuestion();
    const chosen = at.ask({ shown: [at.leaf, at.root] });
    assert.deepEqual([prints(chosen), chosen.from, chosen.isLeaf], [[at.root.fingerprint], "server", false]);
    assert.equal(chosen.consent?.flag, `--fingerprint ${at.root.fingerprint}`);
    assert.match(
      chosen.consent?.details.join("\n") ?? "",
      /subject: CN=root[\s\S]*valid: [\s\S]*SHA-256: sha256:/,
    );
  });

  test("a lone leaf, which is said to be one", async () => {
    await using at = await openQuestion();
    const chosen = at.ask();
    assert.deepEqual([prints(chosen), chosen.isLeaf], [[at.leaf.fingerprint], true]);
    assert.match(chosen.notes.join(), /trusted anew/);
  });

  test("a fingerprint answers, for whichever it names, and for nothing else", async () => {
    await using at = await openQuestion();
    const shown = [at.leaf, at.root];
    for (const { fingerprint } of shown) {
      const chosen = at.ask({ shown, fingerprint });
      assert.deepEqual([prints(chosen), chosen.consent], [[fingerprint], null]);
    }
    const wrong = `sha256:${"0".repeat(64)}`;
    const facts = refusal("CERTIFICATE_MISMATCH", () => at.ask({ shown, fingerprint: wrong }));
    assert.deepEqual("seen" in facts ? facts.seen.length : 0, 2);
  });

  test("a file, without a question, also where the registry is out of reach", async () => {
    await using at = await openQuestion();
    const file = { path: "/ca.pem", certificates: [at.root] };
    for (const shown of [[at.leaf], null]) {
      const chosen = at.ask({ shown, file });
      assert.deepEqual([prints(chosen), chosen.from, chosen.consent], [[at.root.fingerprint], "file", null]);
    }
    refusal("CERTIFICATE_MISMATCH", () => at.ask({ file, fingerprint: at.leaf.fingerprint }));
  });

  test("a file that does not have the registry trusted is refused", async () => {
    await using at = await openQuestion();
    await using stranger = await createTlsAuthority("stranger");
    const file = { path: "/ca.pem", certificates: [one(stranger.ca)] };
    refusal("CERTIFICATE_UNUSABLE", () => at.ask({ file }));
  });

  test("the authority of our own server is known, and no other in its place", async () => {
    await using at = await openQuestion();
    await using stranger = await createTlsAuthority("stranger");
    const shown = [at.leaf, at.root];
    assert.deepEqual(
      [at.ask({ shown, serve: at.root }).from, at.ask({ shown, serve: at.root }).consent],
      ["serve", null],
    );
    assert.equal(at.ask({ shown, serve: one(stranger.ca) }).from, "server");
  });

  test("the system gets an authority, never what belongs to one server", async () => {
    await using at = await openQuestion();
    const shown = [at.leaf, at.root];
    assert.deepEqual(prints(at.ask({ shown, system: true })), [at.root.fingerprint]);
    refusal("CERTIFICATE_UNUSABLE", () => at.ask({ system: true }));
    refusal("CERTIFICATE_UNUSABLE", () => at.ask({ shown, system: true, fingerprint: at.leaf.fingerprint }));
    // Servers that sign themselves may sign others, and their key lies on the server.
    refusal("CERTIFICATE_UNUSABLE", () =>
      at.ask({ shown: [{ ...at.leaf, isAuthority: true }], system: true }),
    );
  });

  test("what no authority cures is refused before anything else", async () => {
    await using at = await openQuestion({ expired: true });
    try {
      at.ask({ file: { path: "/ca.pem", certificates: [at.root] } });
      assert.fail("it was taken");
    } catch (error) {
      assert.ok(isRegctlError(error, "CERTIFICATE_INCURABLE"));
      assert.deepEqual([error.facts.server, error.facts.clock], ["reg.test", false]);
    }
  });
});
