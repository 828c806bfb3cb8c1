import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crio } from "../../../src/platform/engines/crio.ts";
import { parsePodmanRegistries, podman } from "../../../src/platform/engines/podman.ts";
import type { JournalEntry } from "../../../src/platform/journal.ts";
import type { ChangePlan, Plan } from "../../../src/platform/plan.ts";
import { judgeRegistry } from "../../../src/platform/registry-name.ts";
import { hostFacts } from "../hosts.ts";
import { requestsFor } from "../requests.ts";
import { type FileHostOptions, fixture, siteOf } from "./file-host.ts";

const registry = "reg.test:5000";
const requests = requestsFor(registry);
const who = (uid: number, home = "/home/ann") => ({
  stdout: `${uid}\n${uid}\n${home}/.config\npodman version 5.8.6\n`,
});
const asRoot = { "regctl-who": who(0, "/root"), "regctl-probe": { stderr: "connection refused", code: 1 } };
const dropIn = "/etc/containers/registries.conf.d/90-regctl-reg.test_5000.conf";

function changeOf(plan: Plan): ChangePlan {
  assert.ok(plan.kind === "change", JSON.stringify(plan));
  return plan;
}

const editsOf = (plan: Plan) => changeOf(plan).phases.flatMap(({ edits }) => edits);

async function insecure(files: FileHostOptions["files"], given: Partial<Parameters<typeof siteOf>[0]> = {}) {
  return (await podman.plan(requests.insecure, siteOf({ files, answers: asRoot, ...given }))).plan;
}

describe("Podman", () => {
  it("is there when one of its programs is, and not otherwise", () => {
    assert.deepEqual(podman.find(hostFacts({ markers: new Set(["podman", "skopeo"]) })), [
      "podman, skopeo are there",
    ]);
    assert.equal(podman.find(hostFacts()), null);
    assert.deepEqual(crio.find(hostFacts({ markers: new Set(["crio"]) })), ["crio is there"]);
  });

  it("is told by a file of its own for everybody, which it reads by itself", async () => {
    const plan = changeOf(await insecure({ "/etc/containers/registries.conf": "" }));
    assert.partialDeepStrictEqual(plan, { engine: "podman", engineVersion: "5.8.6", path: dropIn });
    assert.deepEqual(plan.phases[0]?.activation, { kind: "read" });
    assert.deepEqual(plan.phases[0]?.expect, { listed: { [registry]: true } });
    const [edit] = editsOf(plan);
    assert.match(edit?.after ?? "", /^location = "reg\.test:5000"\ninsecure = true$/m);
    assert.deepEqual(edit?.folders, ["/etc/containers/registries.conf.d"]);
  });

  it("without other rights the login's own files are written, by the login", async () => {
    const answers = { ...asRoot, "regctl-who": who(1000) };
    const plan = changeOf(await insecure({}, { answers, isLogin: true }));
    assert.equal(plan.asLogin, true);
    const [edit] = editsOf(plan);
    assert.equal(edit?.path, "/home/ann/.config/containers/registries.conf.d/90-regctl-reg.test_5000.conf");
    assert.deepEqual([edit?.uid, edit?.gid], [1000, 1000]);
  });

  it("what is listed or covered already is left as it is", async () => {
    const listing = (text: string) => insecure({ "/etc/containers/registries.conf": text });
    const already = await listing(`[[registry]]\nlocation = "${registry}"\ninsecure = true\n`);
    assert.partialDeepStrictEqual(already, { kind: "nothing", why: "already" });
    const covered = await listing('[[registry]]\nprefix = "*.test"\ninsecure = true\n');
    assert.partialDeepStrictEqual(covered, { kind: "nothing", why: "covered", detail: "*.test" });
  });

  const refusals: Readonly<Record<string, readonly [text: string, code: string]>> = {
    "the old form": [fixture("podman/version-1.conf"), "CONFIG_CONFLICT"],
    "a broken file": ["[[registry]\n", "CONFIG_BROKEN"],
    "somebody's table that says more": [
      `[[registry]]\nlocation = "${registry}"\nblocked = true\n`,
      "CONFIG_CONFLICT",
    ],
  };
  for (const [what, [text, code]] of Object.entries(refusals)) {
    it(`refuses for ${what}`, async () => {
      await assert.rejects(insecure({ "/etc/containers/registries.conf.d/a.conf": text }), { code });
    });
  }

  it("refuses networks, and a file of its own that somebody has edited", async () => {
    const request = { kind: "insecure", registry: judgeRegistry("10.0.0.0/24") } as const;
    const site = siteOf({ files: {}, answers: asRoot });
    await assert.rejects(podman.plan(request, site), { code: "ENGINE_CANNOT" });
    await assert.rejects(insecure({ [dropIn]: "# mine\n" }), { code: "CONFIG_CONFLICT" });
  });

  it("asks before it stops verifying a certificate", async () => {
    const answers = { ...asRoot, "regctl-probe": { stderr: "manifest unknown", code: 1 } };
    assert.deepEqual(
      changeOf(await insecure({}, { answers })).consents.map(({ id }) => id),
      ["downgrade"],
    );
  });

  it("says that a person's own file hides what everybody reads", async () => {
    const files = { "/root/.config/containers/registries.conf": "" };
    assert.match((await insecure(files)).notes.join(), /root\/\.config.*nothing below \/etc\/containers/);
  });

  it("trust takes our own insecure entry with it, and refuses beside somebody else's", async () => {
    const [mine] = editsOf(await insecure({}));
    const files = { [dropIn]: mine?.after ?? "" };
    const { plan } = await podman.plan(requests.trust, siteOf({ files, answers: asRoot }));
    const made = editsOf(plan).map(({ path, after }) => [path, after === null]);
    assert.deepEqual(made, [
      [`/etc/containers/certs.d/${registry}/ca.crt`, false],
      [dropIn, true],
    ]);
    assert.deepEqual(changeOf(plan).phases.at(-1)?.expect.trusted, [{ registry, mustAnswer: true }]);
    const theirs = {
      "/etc/containers/registries.conf": `[[registry]]\nlocation = "${registry}"\ninsecure = true\n`,
    };
    const site = siteOf({ files: theirs, answers: asRoot });
    await assert.rejects(podman.plan(requests.trust, site), { code: "CONFIG_CONFLICT" });
  });

  it("a mirror joins what the file says, and each is taken back alone", async () => {
    const { mirror } = requests;
    const { plan } = await podman.plan(mirror, siteOf({ files: {}, answers: asRoot }));
    const [edit] = editsOf(plan);
    assert.equal(edit?.path, "/etc/containers/registries.conf.d/90-regctl-docker.io.conf");
    const other = { ...mirror, ...requestsFor("other.test").mirror };
    const files = { [edit?.path ?? ""]: edit?.after ?? "" };
    const both = editsOf((await podman.plan(other, siteOf({ files, answers: asRoot }))).plan)[0];
    assert.deepEqual(
      [...(both?.after ?? "").matchAll(/^location = "(.*)"$/gm)].map(([, name]) => name),
      ["docker.io", registry, "other.test"],
    );
    const facts = { journal: { a: entryOf("a", "mirror", edit), b: entryOf("b", "mirror", both) } };
    const undo = { kind: "undo", registry, kinds: ["mirror"] } as const;
    const now = { [edit?.path ?? ""]: both?.after ?? "" };
    const back = await podman.plan(undo, siteOf({ files: now, answers: asRoot, facts }));
    assert.doesNotMatch(editsOf(back.plan)[0]?.after ?? "", /reg\.test/);
    assert.match(editsOf(back.plan)[0]?.after ?? "", /other\.test/);
  });

  it("undo leaves a file that somebody has changed since, and says so", async () => {
    const [edit] = editsOf(await insecure({}));
    const facts = { journal: { a: entryOf("a", "insecure", edit) } };
    const files = { [dropIn]: `${edit?.after}# mine\n` };
    const { plan } = await podman.plan(requests.undo, siteOf({ files, answers: asRoot, facts }));
    assert.partialDeepStrictEqual(plan, { kind: "nothing", why: "not-ours" });
    assert.match(plan.notes.join(), /changed by others/);
    const last = { kind: "undo", registry: null, kinds: [] } as const;
    await assert.rejects(podman.plan(last, siteOf({ files, answers: asRoot, facts })), {
      code: "UNDO_CHANGED_SINCE",
    });
  });

  it("its own answer is read, whatever else stands in it", () => {
    const tables = parsePodmanRegistries(fixture("podman/info-registries.json"));
    assert.deepEqual(
      tables.map(({ prefix, insecure: is, mirrors }) => [prefix, is, mirrors.length]),
      [
        ["10.231.203.214:5000", true, 0],
        ["docker.io", false, 1],
      ],
    );
  });
});

describe("CRI-O", () => {
  const files = { "/etc/containers/registries.conf.d/50-mirror.conf": fixture("crio/50-mirror.conf") };

  it("reads what Podman reads, for everybody alone, and is reloaded", async () => {
    const { plan } = await crio.plan(requests.insecure, siteOf({ files, answers: asRoot }));
    assert.deepEqual(changeOf(plan).phases[0]?.activation, {
      kind: "reload",
      command: ["systemctl", "reload", "crio.service"],
    });
    assert.equal(editsOf(plan)[0]?.path, dropIn);
  });

  it("refuses where nobody can reload it", async () => {
    const site = siteOf({ files, answers: asRoot, facts: { init: "none" } });
    await assert.rejects(crio.plan(requests.insecure, site), { code: "ENGINE_CANNOT" });
  });

  it("somebody's mirror of the same registry is not taken away by ours", async () => {
    const site = siteOf({ files, answers: asRoot });
    await assert.rejects(crio.plan(requests.mirror, site), { code: "CONFIG_CONFLICT" });
  });
});

function entryOf(
  id: string,
  action: JournalEntry["action"],
  edit: ReturnType<typeof editsOf>[number] | undefined,
) {
  assert.ok(edit);
  const { path, target, mode, uid, gid, change } = edit;
  const shas = { beforeSha: null, afterSha: "0", backup: null };
  const about = { version: 1, at: "", by: "", engine: "podman", state: "done" };
  const edits = [{ path, target, mode, uid, gid, ...shas, ...(change ? { change } : {}) }];
  return JSON.stringify({
    ...about,
    id,
    action,
    registry: change?.entry === "other.test" ? "other.test" : registry,
    edits,
  });
}
