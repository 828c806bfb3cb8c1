/** The acceptance script against a real host: each of its lines is a check here. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Finished, runCommand } from "./command.ts";
import { type LabHost, runContainer, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { openPerson, type Person } from "./regctl-over-ssh.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const checkout = resolve(import.meta.dirname, "../..");

describe("acceptance of setup insecure", {
  skip: ability.can ? false : ability.reason,
  timeout: 300_000,
}, () => {
  let host: LabHost;
  let registry: LabRegistry;
  let person: Person;

  before(async () => {
    host = await startHost("systemd");
    [registry] = await Promise.all([startRegistry(host), runContainer(host, "survivor")]);
    person = await openPerson(host);
  });
  after(async () => {
    await person?.leave();
    await host?.stop();
  });

  it("every check of test/acceptance/setup-insecure.sh holds", async (context) => {
    const { code, stdout, stderr } = await accept();
    for (const line of stdout.split("\n").filter((each) => each.startsWith("FAIL"))) context.diagnostic(line);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^\d{2,} checks, 0 failed$/m);
  });

  function accept(): Promise<Finished> {
    const at = (user: string) => `${user}@${host.address}`;
    const variables = {
      HOME: person.home,
      PATH: `${person.home}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      LANG: "C.UTF-8",
      REGCTL: `${process.execPath} ${checkout}/bin/run.js`,
      TARGET: at("root"),
      THERE: `ssh ${at("root")}`,
      REGISTRY: registry.address,
      NOPASS: at("nopass"),
      WITHPASS: at("withpass"),
      POWERLESS: at("nosudo"),
      SUDO_PASSWORD: "lab-secret",
    };
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const script = `${checkout}/test/acceptance/setup-insecure.sh`;
    return runCommand(["env", "-i", ...assignments, "sh", script], { timeoutMs: 240_000 });
  }
});
