/** Builders that are made again: what is kept of them, what is asked first, and what the shell makes of the command. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { isRegctlError } from "../../../src/errors.ts";
import type { ChangeRequest } from "../../../src/platform/change-request.ts";
import { buildx } from "../../../src/platform/engines/buildx.ts";
import { againCommand } from "../../../src/platform/engines/buildx-create.ts";
import { lookAtBuildx } from "../../../src/platform/engines/buildx-site.ts";
import { registriesOf } from "../../../src/platform/formats/builder-toml.ts";
import type { ChangePlan } from "../../../src/platform/plan.ts";
import { judgeRegistry } from "../../../src/platform/registry-name.ts";
import { createTempHome } from "../../support/temp-home.ts";
import { requestsFor } from "../requests.ts";
import { fixture, siteOf } from "./file-host.ts";

const requests = requestsFor("reg.test:5000");
const folder = "/home/ann/.local/state/regctl/host/buildx";
const refused = "failed to do request: http: server gave HTTP response to HTTPS client";

const site = (stdout = fixture("buildx/look.txt"), said = refused) =>
  siteOf({
    files: {},
    isLogin: true,
    answers: { "regctl-buildx": { stdout }, "regctl-probe": { stdout: said, code: 1 } },
  });

async function planFor(request: ChangeRequest, on = site()): Promise<ChangePlan> {
  const { plan } = await buildx.plan(request, on);
  assert.ok(plan.kind === "change", JSON.stringify(plan));
  return plan;
}

const lines = (keep: (line: string) => boolean): string =>
  `${fixture("buildx/look.txt")
    .split("\n")
    .filter((line) => line !== "" && keep(line))
    .join("\n")}\n`;

describe("builders of buildx", () => {
  it("each is written first, then made again by one command that comes back to what it had", async () => {
    const plan = await planFor(requests.insecure);
    assert.deepEqual(
      plan.phases.map(({ activation, edits }) => [
        activation.kind,
        edits.map(({ path }) => path.replace(folder, "")),
      ]),
      [
        ["none", ["/ours/earlier.toml"]],
        ["restart", ["/ours/buildkitd.toml"]],
        ["none", ["/asleep/earlier.toml", "/asleep/certs/other.test/ca.pem"]],
        ["restart", ["/asleep/buildkitd.toml"]],
      ],
    );
    assert.deepEqual(
      plan.consents.map(({ flag, question }) => [flag, /ours and asleep/.test(question)]),
      [["--allow-restart", true]],
    );
    assert.match(plan.consents[0]?.details.join() ?? "", /builds that run in it end; its cache stays/);
    assert.match(plan.notes.join(), /asleep does not run[\s\S]*two has several nodes/);
    assert.equal(plan.asLogin, true);
    const after = plan.phases.at(-1)?.edits[0]?.after ?? "";
    assert.match(after, /format = "json"/);
    assert.deepEqual(registriesOf(after), {
      "other.test": { ca: [`${folder}/asleep/certs/other.test/ca.pem`] },
      "reg.test:5000": { http: true, insecure: true },
    });
  });

  it("the command has all that the builder was made with", async () => {
    const { builders } = await lookAtBuildx(site());
    const [ours, asleep] = builders;
    assert.ok(ours && asleep);
    const [, , script = ""] = againCommand(ours, "/new", "/old");
    assert.match(script, /^docker buildx rm --keep-state ours && \{ docker buildx create /);
    assert.match(
      script,
      / --name ours --node ours-one --driver docker-container --driver-opt '"env\.GREETING=one, two"' --driver-opt network=host /,
    );
    assert.match(
      script,
      / --platform linux\/amd64,linux\/arm\/v7 --buildkitd-flags '--debug --allow-insecure-entitlement=network\.host' --config \/new --use --bootstrap unix:/,
    );
    const [, , other = ""] = againCommand({ ...asleep, current: "global" }, "/new", "/old");
    assert.match(
      other,
      /\{ docker buildx create .* --config \/new desktop-linux && docker buildx use --global asleep; \}/,
    );
    assert.doesNotMatch(other, /--bootstrap|--use /);
  });

  it("the shell goes back to the earlier file when the new one is not taken", async () => {
    await using home = await createTempHome();
    const log = `${home.path}/log`;
    await writeFile(
      `${home.path}/docker`,
      `#!/bin/sh\necho "$*" >>${log}\ncase $* in *"--config /new"*) exit 1;; esac\n`,
    );
    await chmod(`${home.path}/docker`, 0o755);
    const { builders } = await lookAtBuildx(site());
    const run = async (config: string) => {
      await writeFile(log, "");
      const [program = "", ...words] = againCommand(builders[1] ?? assert.fail(), config, "/old");
      const { status } = spawnSync(program, words, { env: { PATH: `${home.path}:/usr/bin:/bin` } });
      const said = (await readFile(log, "utf8")).trim().split("\n");
      return [
        status,
        said.map((line) => line.replace(/^buildx (\w+) .*?(\/\w+)?( desktop-linux)?$/, "$1 $2").trim()),
      ];
    };
    assert.deepEqual(await run("/fine"), [0, ["rm", "create /fine"]]);
    assert.deepEqual(await run("/new"), [1, ["rm", "create /new", "rm", "create /old"]]);
  });

  it("nothing is done for what it has, and what it verifies is not given up unasked", async () => {
    const told = lines((line) => !line.includes("asleep")).replace(
      '"Files": null',
      `"Files": {"buildkitd.toml": "${Buffer.from('[registry."reg.test:5000"]\nhttp = true\ninsecure = true\n').toString("base64")}"}`,
    );
    const { plan } = await buildx.plan(requests.insecure, site(told));
    assert.partialDeepStrictEqual(plan, { kind: "nothing", why: "already" });
    const verified = await planFor(requests.insecure, site(undefined, "manifest unknown"));
    assert.deepEqual(
      verified.consents.map(({ id }) => id),
      ["downgrade", "restart"],
    );
  });

  it("a certificate comes before the builder that is given it, and takes insecure away", async () => {
    const on = site(undefined, "x509: certificate signed by unknown authority");
    const plan = await planFor(requests.trust, on);
    assert.deepEqual(
      plan.phases[0]?.edits.map(({ path, uid }) => [path, uid]),
      [[`${folder}/certs/reg.test:5000/ca.crt`, 1000]],
    );
    const tables = registriesOf(plan.phases.at(-1)?.edits[0]?.after ?? "");
    assert.deepEqual(tables["reg.test:5000"], { ca: [`${folder}/certs/reg.test:5000/ca.crt`] });
    const { change } = plan.phases.at(-1)?.edits[0] ?? {};
    assert.ok(change?.note.kind === "whole");
    assert.match(change.note.after ?? "", /asleep\/certs\/reg\.test_5000\/ca\.crt/, "as buildx will name it");
  });

  for (const [what, request, code] of [
    ["a network", { kind: "insecure", registry: judgeRegistry("10.0.0.0/24") }, "ENGINE_CANNOT"],
    ["the system's store", { ...requests.trust, system: true }, "ENGINE_CANNOT"],
    ["another certificate of that name", requestsFor("other.test").trust, "CONFIG_CONFLICT"],
  ] as const) {
    it(`${what} is refused: ${code}`, async () => {
      const named = fixture("buildx/look.txt")
        .replaceAll("ca.pem", "ca.crt")
        .replace(/"buildkitd.toml": "([^"]*)"/, (_, text: string) => {
          const toml = Buffer.from(text, "base64").toString().replace("ca.pem", "ca.crt");
          return `"buildkitd.toml": "${Buffer.from(toml).toString("base64")}"`;
        });
      await assert.rejects(buildx.plan(request, site(named)), (error: unknown) => isRegctlError(error, code));
    });
  }

  it("where none can be made again, lines to paste say how", async () => {
    const none = buildx.plan(requests.insecure, site(lines((line) => !line.startsWith("builder"))));
    await assert.rejects(none, /PLATFORM_NOT_WRITTEN.*none was found.*BUILDER/);
    const several = buildx.plan(
      requests.insecure,
      site(lines((line) => !/"(ours|asleep)", "Driver/.test(line))),
    );
    await assert.rejects(several, /several nodes.*buildx_buildkit_two0/);
    const broken = fixture("buildx/look.txt").replace(
      /"buildkitd.toml": "[^"]*"/,
      '"buildkitd.toml": "WyBb"',
    );
    await assert.rejects(buildx.plan(requests.insecure, site(broken)), /CONFIG_BROKEN/);
  });
});
