/** `regctl tunnel` and real sshds: ways in, what servers forbid, and connections that are cut in every way there is. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { runCommand } from "./command.ts";
import { must } from "./conduct.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";
import { askRegistry, isWell, openTunnelPerson, processesWith, type TunnelPerson } from "./tunnel-world.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

/** Users of the lab, each with a rule of its own. */
const rules = `
Match User nosudo
  AllowTcpForwarding no
Match User indocker
  PermitOpen 127.0.0.1:1
Match User nopass
  MaxSessions 1
Match User withpass
  AuthorizedKeysFile .ssh/agent_keys
`;

describe("a tunnel and real sshds", { skip, concurrency: 1, timeout: 300_000 }, () => {
  let gate: LabHost;
  let inner: LabHost;
  let server: LabHost;
  let registry: LabRegistry;
  let person: TunnelPerson;

  before(async () => {
    const [first, second] = await Promise.all([
      startHost("bare", { name: "gate" }),
      startHost("systemd", { name: "server" }),
    ]);
    [gate, server] = [first, second];
    inner = await startHost("bare", { name: "inner", behind: gate });
    await startRegistry(inner, { listen: "127.0.0.1" });
    registry = await startRegistry(server, { listen: "127.0.0.1" });
    const write = "cat >>/etc/ssh/sshd_config && systemctl reload ssh";
    assert.equal((await server.run(["sh", "-c", write], { input: rules })).code, 0);
    person = await openTunnelPerson([gate, inner, server]);
  });
  after(async () => {
    await person?.leave();
    await Promise.all([server?.stop(), inner?.stop()]);
    await gate?.stop();
  });

  const stop = async () => void (await person.regctl(["tunnel", "stop", "--all"]));
  /** Ends what serves the connections, and not who waits for new ones. */
  const cutSessions = () => must(server, "pkill", "-KILL", "-f", "^sshd: [a-z]");

  it("by key, with its own port the next time", async () => {
    const one = await person.start("server");
    assert.ok(isWell(one), JSON.stringify(one));
    await stop();
    const two = await person.start("server");
    assert.equal(two.registry, one.registry);
    await stop();
  });

  it("by password, which is given once, and again after a cut", async () => {
    await stop();
    assert.deepEqual((await person.failure("withpass@server", "-d")).slice(0, 2), [4, "SSH_AUTH_FAILED"]);
    const secret = { REGCTL_SSH_PASSWORD: "lab-secret" };
    const args = ["tunnel", "withpass@server", "-d", "--json", "--progress", "none"];
    const { code, stdout } = await person.regctl(args, { env: secret });
    assert.equal(code, 0, stdout);
    await cutSessions();
    const item = await person.until("it is back", (each) => isWell(each) && each.reconnects > 0);
    assert.equal(item.state, "up");
    assert.deepEqual(await processesWith("lab-secret"), []);
    await stop();
  });

  it("by an agent that alone has the key", async () => {
    await stop();
    const [socket, key] = [`${person.home}/agent`, `${person.home}/agent-key`];
    const made = await runCommand(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    assert.equal(made.code, 0, made.stderr);
    const take = "mkdir -p .ssh && cat >.ssh/agent_keys";
    const publicKey = await readFile(`${key}.pub`, "utf8");
    await server.run(["sh", "-c", take], { user: "withpass", input: publicKey });
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 20));
      const added = await runCommand(["env", `SSH_AUTH_SOCK=${socket}`, "ssh-add", "-q", key]);
      assert.equal(added.code, 0, added.stderr);
      await Promise.all([rm(key), rm(`${key}.pub`)]);
      await person.configure(
        `Host agent\n  HostName ${server.address}\n  User withpass\n  IdentitiesOnly no\n  IdentityAgent ${socket}`,
      );
      assert.ok(isWell(await person.start("agent")));
      await stop();
    } finally {
      agent.kill();
      await once(agent, "exit");
    }
  });

  it("through a jump host", async () => {
    await stop();
    await person.configure("Host inner\n  ProxyJump gate");
    const item = await person.start("inner");
    assert.ok(isWell(item), JSON.stringify(item));
    await stop();
  });

  it("what the server forbids is said", async () => {
    const denied = await person.failure(`nosudo@${server.name}`, "-d");
    assert.deepEqual(denied.slice(0, 2), [3, "SSH_FORWARD_DENIED"]);
    const limited = await person.failure(`indocker@${server.name}`, "-d");
    assert.deepEqual(limited.slice(0, 2), [3, "SSH_FORWARD_DENIED"]);
  });

  it("one session at a time is enough for many streams", async () => {
    await stop();
    const { registry: name } = await person.start(`nopass@${server.name}`);
    const all = await Promise.all(Array.from({ length: 40 }, () => askRegistry(name ?? "")));
    assert.deepEqual([...new Set(all)], [200]);
    await stop();
  });

  for (const carrier of ["openssh", "node"]) {
    describe(`by ${carrier}, cut`, () => {
      let name = "";
      before(async () => {
        name = (await person.start("server", "--ssh", carrier)).registry ?? "";
      });
      after(stop);

      it("because its sshd is killed, and because the service starts again", async () => {
        for (const cut of [
          cutSessions,
          () => must(server, "systemctl", "restart", "ssh").then(cutSessions),
        ]) {
          const [before] = await person.list();
          await cut();
          await person.until(
            "another connection",
            (each) => isWell(each) && each.reconnects > (before?.reconnects ?? 0),
          );
          assert.equal(await askRegistry(name), 200);
        }
      });

      it("because the link goes down: new connections wait for it", async () => {
        await server.linkDown();
        let asked: Promise<number | null>;
        try {
          await person.until("that it is noticed", ({ state }) => state === "reconnecting");
          asked = askRegistry(name);
        } finally {
          await server.linkUp();
        }
        assert.equal(await asked, 200);
        await person.until("it is back", isWell);
      });

      it("and not because the registry alone starts again", async () => {
        const [before] = await person.list();
        await registry.restart();
        assert.equal(await askRegistry(name), 200);
        const [now] = await person.list();
        assert.equal(now?.reconnects, before?.reconnects);
      });
    });
  }

  it("killed, it leaves no port, no process and no lie", async () => {
    await stop();
    const { pid, registry: name } = await person.start("server");
    const port = Number(name?.split(":")[1]);
    const ours = await processesWith(`${person.home}/.ssh/config`);
    assert.ok(ours.length > 0, "ssh is there");
    process.kill(pid, "SIGKILL");
    for (let left = ours; left.length > 0; left = await processesWith(`${person.home}/.ssh/config`)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(await person.list(), []);
    const listener = net.createServer().listen(port, "127.0.0.1");
    await once(listener, "listening");
    listener.close();
    await once(listener, "close");
    const again = await person.start("server");
    assert.equal(again.registry, name);
  });

  it("the server reboots", async () => {
    const [before] = await person.list();
    await server.reboot();
    registry = await startRegistry(server, { listen: "127.0.0.1" });
    const item = await person.until("it is back", isWell);
    assert.equal(item.registry, before?.registry);
    assert.ok(item.reconnects > 0);
    await stop();
  });
});
