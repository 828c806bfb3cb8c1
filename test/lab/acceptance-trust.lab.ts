/** The acceptance script of trust and mirrors against a real host: each of its lines is a check here. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { runCommand } from "./command.ts";
import { listenWithChangingTls } from "./fault-registry.ts";
import { runContainer, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { openPerson } from "./regctl-over-ssh.ts";

const ability = await openLab();
const checkout = resolve(import.meta.dirname, "../..");

describe("acceptance of setup trust and setup mirror", {
  skip: ability.can ? false : ability.reason,
  timeout: 300_000,
}, () => {
  it("every check of test/acceptance/setup-trust.sh holds", async (context) => {
    await using authority = await createTlsAuthority("acceptance");
    await using stranger = await createTlsAuthority("a stranger");
    const host = await startHost("systemd");
    const person = await openPerson(host);
    const expired = await authority.issue({ names: [`IP:${host.gateway}`], expired: true });
    const broken = await listenWithChangingTls(host.gateway, [expired]);
    try {
      const tls = await authority.issue({ names: [`IP:${host.address}`] });
      const registry = await startRegistry(host, { tls });
      const mirror = await startRegistry(host, { port: 5100 });
      await runContainer(host, "survivor");
      await writeFile(`${person.home}/ca.pem`, authority.ca);
      await writeFile(`${person.home}/stranger.pem`, stranger.ca);
      const variables = {
        HOME: person.home,
        PATH: `${person.home}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        LANG: "C.UTF-8",
        REGCTL: `${process.execPath} ${checkout}/bin/run.js`,
        TARGET: `root@${host.address}`,
        THERE: `ssh root@${host.address}`,
        REGISTRY: registry.address,
        CA: `${person.home}/ca.pem`,
        STRANGER: `${person.home}/stranger.pem`,
        BROKEN: broken.address,
        MIRROR: `http://${mirror.address}`,
      };
      const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const script = `${checkout}/test/acceptance/setup-trust.sh`;
      const argv = ["env", "-i", ...assignments, "sh", script];
      const { code, stdout, stderr } = await runCommand(argv, { timeoutMs: 240_000 });
      for (const line of stdout.split("\n").filter((each) => each.startsWith("FAIL")))
        context.diagnostic(line);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /^\d{2,} checks, 0 failed$/m);
    } finally {
      broken.close();
      await person.leave();
      await host.stop();
    }
  });
});
