/** test/acceptance/registry.sh against Debian's docker-registry 2.8: open, without deletion, with a login. */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeLayout } from "../acceptance/make-layout.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { runCommand } from "./command.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";

const ability = await openLab();
const checkout = resolve(import.meta.dirname, "../..");

/** Of the password "secret"; crypt(3) with a blowfish salt of cost 5. */
const htpasswd = "bob:$2b$05$xjU0OF5PoEr12OFcvqspnOk/YsW8QEY2lMn0MREYMPMCImbvRPke6\n";

describe("acceptance of the registry commands", {
  skip: ability.can ? false : ability.reason,
  timeout: 300_000,
}, () => {
  let host: LabHost;
  let home: TempHome;

  before(async () => {
    [host, home] = await Promise.all([startHost("systemd"), createTempHome()]);
    await makeLayout(join(home.path, "layout"));
  });
  after(async () => {
    await host?.stop();
    await home?.[Symbol.asyncDispose]();
  });

  it("every check of test/acceptance/registry.sh holds with docker-registry 2.8", async (context) => {
    const [open, noDelete, closed] = await Promise.all([
      startRegistry(host, { port: 5000 }),
      startRegistry(host, { port: 5001, deletes: false }),
      startRegistry(host, { port: 5002, htpasswd }),
    ]);
    const variables = {
      HOME: home.path,
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      REGCTL: `${process.execPath} ${checkout}/bin/run.js`,
      LAYOUT: join(home.path, "layout"),
      TRUST: "--insecure",
      REGISTRY: open.address,
      NODELETE: noDelete.address,
      AUTH: closed.address,
    };
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const script = `${checkout}/test/acceptance/registry.sh`;
    const { code, stdout, stderr } = await runCommand(["env", "-i", ...assignments, "sh", script], {
      timeoutMs: 240_000,
    });
    for (const line of stdout.split("\n").filter((each) => each.startsWith("FAIL"))) context.diagnostic(line);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^\d{2,} checks, 0 failed$/m);
  });
});
