/** `regctl init` beside a real engine: what the engine must be told is seen, planned, and done. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { registriesOf } from "./conduct.ts";
import type { InsideOptions } from "./inside.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

interface Document {
  readonly ok?: false;
  readonly registry: string | null;
  readonly engine: string | null;
  readonly steps: readonly {
    readonly command: string;
    readonly state: string;
    readonly error?: { code: string };
  }[];
}

describe("init beside an engine", { skip, timeout: 300_000 }, () => {
  let host: LabHost;
  let registry: LabRegistry;

  before(async () => {
    host = await startHost("systemd");
    registry = await startRegistry(host);
  });
  after(() => host?.stop());

  async function init(args: readonly string[], expected: number, options?: InsideOptions): Promise<Document> {
    const words = ["init", "--registry", registry.address, ...args, "--json", "--progress", "none"];
    const { code, stdout, stderr } = await host.regctl(words, options);
    assert.equal(code, expected, stdout + stderr);
    return JSON.parse(stdout);
  }

  const statesOf = ({ steps }: Document) => steps.map(({ command, state }) => [command, state]);
  const use = () => `regctl use ${registry.address} --insecure`;
  const setup = () => `regctl setup insecure ${registry.address}`;

  it("who may not change the engine keeps what stands, and learns what to type", async () => {
    const document = await init(["--yes"], 4, {
      user: "indocker",
      env: { XDG_CONFIG_HOME: "/tmp/indocker" },
    });
    assert.deepEqual(statesOf(document), [
      [use(), "done"],
      [setup(), "failed"],
    ]);
    assert.deepEqual([document.ok, document.registry], [false, registry.address]);
    assert.equal(document.steps[1]?.error?.code, "NO_RIGHTS");
    assert.deepEqual(await registriesOf(host), []);
  });

  it("who may not ask the engine has none, and a default registry all the same", async () => {
    const document = await init(["--yes"], 0, { user: "nosudo", env: { XDG_CONFIG_HOME: "/tmp/nosudo" } });
    assert.deepEqual([document.engine, statesOf(document)], [null, [[use(), "done"]]]);
  });

  it("plain HTTP: planned without a change, then done, and then there is nothing left to tell", async () => {
    const env = { XDG_CONFIG_HOME: "/tmp/init" };
    const plan = await init(["--dry-run"], 0, { env });
    assert.match(plan.engine ?? "", /^the engine \d/);
    assert.deepEqual(statesOf(plan), [
      [use(), "planned"],
      [setup(), "planned"],
    ]);
    assert.deepEqual(await registriesOf(host), []);

    const done = await init(["--yes"], 0, { env });
    assert.deepEqual(statesOf(done), [
      [use(), "done"],
      [setup(), "done"],
    ]);
    assert.deepEqual(await registriesOf(host), [registry.address]);

    const again = await init(["--yes"], 0, { env });
    assert.deepEqual(statesOf(again), [[`regctl use ${registry.address}`, "done"]]);
    assert.equal((await host.regctl(["setup", "undo", registry.address], { env })).code, 0);
    assert.deepEqual(await registriesOf(host), []);
  });
});
