/** What to type instead of one word stands in the whole line. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRegctlError, RegctlError } from "../../src/errors.ts";
import { withWholeLine } from "../../src/explain/whole-line.ts";
import { runCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

describe("the whole line that was meant", () => {
  const unreachable = (registry: string) =>
    new RegctlError("REGISTRY_UNREACHABLE", {
      registry,
      tried: [`https://${registry}`],
      reason: "no address",
    });
  const insteadOf = (registry: string, ...argv: readonly string[]) => {
    const told = withWholeLine(unreachable(registry), argv);
    return isRegctlError(told, "REGISTRY_UNREACHABLE") ? told.facts.instead : null;
  };

  it("of a name in capitals that was taken for a registry", () => {
    assert.equal(insteadOf("team", "tags", "TEAM/app", "--limit", "3"), "regctl tags team/app --limit 3");
    assert.equal(insteadOf("team", "tags", "team/app"), undefined);
    assert.equal(insteadOf("reg.test", "tags", "Reg.test/app"), undefined);
    assert.equal(insteadOf("other", "tags", "TEAM/app"), undefined);
  });

  it("what is no word of the line stays as it is", () => {
    const error = new RegctlError("BAD_REFERENCE", { given: "…@x", problem: "p", type: "x" });
    assert.equal(withWholeLine(error, ["tags", "me:secret@x"]), error);
    const other = new Error("x");
    assert.equal(withWholeLine(other, ["tags"]), other);
  });

  for (const [args, line] of [
    [["tags", "localhost:5000"], "regctl tags localhost:5000/NAME"],
    [["publish", "img", "localhost:5000"], "regctl publish img localhost:5000/NAME:TAG"],
    [["publish", "img", "TEAM/App", "b:1"], "regctl publish img team/app b:1"],
    [["copy", "./layout", "localhost:1/a:1"], "regctl copy docker-archive:./layout localhost:1/a:1"],
  ] as const) {
    it(`regctl ${args.join(" ")}`, async () => {
      await using home = await createTempHome();
      const env = {
        HOME: home.path,
        DOCKER_HOST: `unix://${home.path}/none.sock`,
        REGCTL_REGISTRY: "localhost:1",
      };
      const { code, stderr } = await runCli(args, { env, cwd: home.path });
      assert.equal(code, 2);
      assert.ok(stderr.includes(`→ ${line}\n`), stderr);
    });
  }
});
