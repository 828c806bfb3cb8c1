/** The registry as a service of a real systemd, with a real engine that pushes to it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hashSync } from "bcryptjs";
import type { Finished } from "./command.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

function documentOf({ code, stdout, stderr }: Finished): Record<string, unknown> {
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

describe("regctl serve on systemd", { skip, timeout: 300_000 }, () => {
  let host: LabHost;
  const regctl = async (...args: readonly string[]) => documentOf(await host.regctl([...args, "--json"]));

  before(async () => {
    host = await startHost("systemd");
  });
  after(async () => {
    await host?.stop();
  });

  it("--service: runs as a user of its own, serves an engine, and is there again after a restart", async () => {
    const served = await regctl("serve", "--service", "--listen", "127.0.0.1:5000");
    assert.equal(served.url, "http://127.0.0.1:5000");
    assert.equal(served.storage, "/var/lib/regctl/registry");
    assert.equal(served.changed, true);
    const pid = Number(served.pid);
    assert.notEqual((await shell(host, `stat -c %u /proc/${pid}`)).trim(), "0");
    assert.match(await shell(host, `grep CapEff /proc/${pid}/status`), /0{16}/);
    await must(host, "sh", "-c", "tar -C /etc -c hostname | docker import - 127.0.0.1:5000/app:1");
    await must(host, "docker", "push", "127.0.0.1:5000/app:1");
    await must(host, "docker", "rmi", "127.0.0.1:5000/app:1");
    await must(host, "docker", "pull", "127.0.0.1:5000/app:1");
    const found = await must(host, "docker", "search", "127.0.0.1:5000/ap");
    assert.match(found, /app/);
    const status = await regctl("serve", "status");
    assert.equal(status.pid, pid);
    assert.equal(status.repositories, 1);

    await must(host, "systemctl", "kill", "--signal", "KILL", "regctl-serve");
    const restarted = await regctl("serve", "--service", "--listen", "127.0.0.1:5000");
    assert.equal(restarted.changed, false);
    assert.equal(restarted.repositories, 1);
    assert.deepEqual(await regctl("serve", "verify"), {
      ok: true,
      blobs: 3,
      damaged: [],
      storage: served.storage,
    });
    await must(host, "systemctl", "reload", "regctl-serve");
    await must(host, "systemctl", "stop", "regctl-serve");
    assert.match(await shell(host, "systemctl is-failed regctl-serve || true"), /inactive/);
    assert.equal((await host.regctl(["serve", "status"])).code, 5);
  });

  it("logins: an engine without one pulls and searches, one with it pushes; without --anonymous it must log in", async () => {
    await shell(host, `echo 'alice:${hashSync("secret", 4)}' > /tmp/users; docker logout 127.0.0.1:5002`);
    const flags = ["--listen", "127.0.0.1:5002", "--storage", "/tmp/with-logins", "--htpasswd", "/tmp/users"];
    const start = (...more: readonly string[]) => regctl("serve", "--detach", ...flags, ...more);
    const stop = () => regctl("serve", "stop", "--storage", "/tmp/with-logins");
    const docker = async (line: string) => (await host.run(["sh", "-c", `docker ${line}`])).code;
    const logIn = "login -u alice --password-stdin 127.0.0.1:5002";
    await must(host, "sh", "-c", "tar -C /etc -c hostname | docker import - 127.0.0.1:5002/app:1");

    await start("--anonymous", "pull");
    assert.notEqual(await docker("push 127.0.0.1:5002/app:1"), 0);
    assert.notEqual(await docker(`${logIn} </etc/hostname`), 0);
    await shell(host, `echo secret | docker ${logIn}`);
    assert.equal(await docker("push 127.0.0.1:5002/app:1"), 0);
    assert.match(await must(host, "docker", "search", "127.0.0.1:5002/ap"), /app/);
    await must(host, "docker", "logout", "127.0.0.1:5002");
    await must(host, "docker", "rmi", "127.0.0.1:5002/app:1");
    assert.equal(await docker("pull 127.0.0.1:5002/app:1"), 0);
    assert.match(await must(host, "docker", "search", "127.0.0.1:5002/ap"), /app/);
    assert.notEqual(await docker("push 127.0.0.1:5002/app:1"), 0);
    await stop();

    await start();
    await must(host, "docker", "rmi", "127.0.0.1:5002/app:1");
    assert.notEqual(await docker("pull 127.0.0.1:5002/app:1"), 0);
    await shell(host, `echo secret | docker ${logIn}`);
    assert.equal(await docker("pull 127.0.0.1:5002/app:1"), 0);
    assert.equal(await docker("push 127.0.0.1:5002/app:1"), 0);
    assert.match(await must(host, "docker", "search", "127.0.0.1:5002/ap"), /app/);
    await stop();
  });

  it("--service with a folder and users of the administrator's, and what keeps it from starting is told", async () => {
    await shell(host, "mkdir -p '/srv/my registry'; echo broken > /root/users; chmod 600 /root/users");
    const flags = [
      "--listen",
      "127.0.0.1:5001",
      "--storage",
      "/srv/my registry",
      "--htpasswd",
      "/root/users",
    ];
    const failed = await host.regctl(["serve", "--service", ...flags, "--json"]);
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, /START_FAILED[\s\S]*line 1/);
    await shell(host, `echo 'alice:$2y$05$${"a".repeat(53)}' > /root/users`);
    const served = await regctl("serve", "--service", ...flags);
    assert.equal(served.auth, "htpasswd");
    assert.match(await shell(host, `grep CapEff /proc/${served.pid}/status`), /0{16}/);
    await regctl("serve", "stop", "--storage", "/srv/my registry");

    await must(host, "systemctl", "start", String(served.unit));
    const usual = await regctl("serve", "--service", "--listen", "127.0.0.1:5000");
    const pidsOf = ({ items }: Record<string, unknown>) =>
      Array.isArray(items) ? items.map(({ pid }) => pid) : [];
    // systemd starts it; when it answers is its own matter.
    let running = pidsOf(await regctl("serve", "status"));
    for (let tries = 0; running.length < 2 && tries < 50; tries += 1) {
      await sleep(200);
      running = pidsOf(await regctl("serve", "status"));
    }
    assert.equal(running.length, 2);
    await must(host, "systemctl", "stop", String(served.unit));
    assert.deepEqual(pidsOf(await regctl("serve", "status")), [usual.pid]);
    await must(host, "systemctl", "stop", "regctl-serve");
  });
});
