/** A tunnel that systemd keeps for an ordinary user who is not logged in: on a real one, through its death and a reboot. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TunnelItem } from "../../src/tunnel/tunnel-outcome.ts";
import type { TunnelServiceOutcome } from "../../src/tunnel/tunnel-service.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf } from "./regctl-over-ssh.ts";
import { isWell } from "./tunnel-world.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

/** Whoever lingers has a manager from boot on. Lab hosts have no logind, so that this does what it would do. */
const lingerScript = `set -e
mkdir -p /etc/systemd/system/user@.service.d
cat >/etc/systemd/system/user@.service.d/lab.conf <<END
[Unit]
Requires=
After=
After=sysinit.target
[Service]
Environment=XDG_RUNTIME_DIR=/run/user/%i
ExecStartPre=+/bin/install -d -m 0755 /run/user
ExecStartPre=+/bin/install -d -m 0700 -o %i -g %i /run/user/%i
END
mkdir -p /etc/systemd/system/multi-user.target.wants
uid=$(id -u "$1")
ln -s /lib/systemd/system/user@.service "/etc/systemd/system/multi-user.target.wants/user@$uid.service"
systemctl daemon-reload
systemctl start "user@$uid.service"
`;

describe("a tunnel as a service of systemd", { skip, concurrency: 1, timeout: 180_000 }, () => {
  const user = "nopass";
  let host: LabHost;
  let server: LabHost;
  let uid: string;

  before(async () => {
    host = await startHost("systemd");
    server = await startHost("bare", { name: "server", behind: host });
    await startRegistry(server, { listen: "127.0.0.1" });
    await shell(host, `echo '${server.address} server' >>/etc/hosts`);
    uid = (await must(host, "id", "-u", user)).trim();
    await must(host, "sh", "-c", lingerScript, "linger", user);
    await giveKey(user);
  });
  after(async () => {
    await server?.stop();
    await host?.stop();
  });

  /** A key without a passphrase, and a server that is known already. */
  async function giveKey(of: string): Promise<void> {
    const write = (path: string, input: string) =>
      host.run(["sh", "-c", `mkdir -p -m 0700 .ssh && umask 077 && cat >.ssh/${path}`], { user: of, input });
    await write("id_ed25519", await readFile(server.keyFile, "utf8"));
    await write("known_hosts", await readFile(server.knownHosts, "utf8"));
  }
  const runIn = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    host.regctl([...args, "--json", "--progress", "none"], { user, env });
  const run = (...args: readonly string[]) =>
    runIn({ XDG_RUNTIME_DIR: `/run/user/${uid}`, XDG_STATE_HOME: "/home/nopass/my $state" }, ...args);
  const document = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `regctl ${args.join(" ")}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  };
  const list = async (): Promise<readonly TunnelItem[]> => (await document("tunnel", "list")).items;
  const service = (...more: readonly string[]): Promise<TunnelServiceOutcome> =>
    document("tunnel", "root@server", "--service", ...more);
  const userctl = (...args: readonly string[]) =>
    host.run(["systemctl", "--user", ...args], { user, env: { XDG_RUNTIME_DIR: `/run/user/${uid}` } });
  const exists = async (path: string) => (await host.run(["test", "-e", path])).code === 0;
  /** The only tunnel, when it is well and another process than this one. */
  async function another(than: number): Promise<TunnelItem> {
    const end = performance.now() + 60_000;
    for (;;) {
      const items = await list();
      const [item] = items;
      if (items.length === 1 && item !== undefined && item.pid !== than && isWell(item)) return item;
      if (performance.now() > end) assert.fail(`waited in vain: ${JSON.stringify(items)}`);
      await sleep(200);
    }
  }
  /** The registry answers here, although it listens over there alone. */
  async function answers({ registry }: TunnelItem): Promise<void> {
    assert.match(registry ?? "", /^localhost:\d+$/);
    assert.equal((await must(host, "curl", "-sS", `http://${registry}/v2/`)).trim(), "{}");
  }

  it("is shown, written, enabled and started, and is there again after its death and a reboot", async () => {
    const shown = await service("--dry-run");
    assert.equal(shown.changed, true);
    assert.deepEqual(shown.items, []);
    assert.equal(await exists(shown.path), false);
    assert.deepEqual(await list(), []);

    const made = await service();
    assert.deepEqual({ ...made, items: [] }, shown);
    assert.equal(await must(host, "cat", made.path), shown.content);
    assert.equal((await must(host, "stat", "-c", "%U", made.path)).trim(), user);
    assert.equal((await userctl("is-enabled", made.unit)).stdout.trim(), "enabled");
    const [first = assert.fail()] = made.items;
    assert.equal(first.startedBy, "service");
    assert.equal(first.server, "root@server:22");
    await answers(await another(0));

    await must(host, "kill", "-KILL", String(first.pid));
    const second = await another(first.pid);
    assert.equal(second.registry, first.registry);
    await answers(second);

    assert.equal((await userctl("restart", made.unit)).code, 0);
    const third = await another(second.pid);
    await answers(third);

    await host.reboot();
    const fourth = await another(0);
    assert.equal(fourth.startedBy, "service");
    assert.equal(fourth.registry, first.registry);
    assert.notEqual(fourth.startedAt, third.startedAt);
    await answers(fourth);

    const again = await service();
    assert.equal(again.changed, false);
    const removed = await document("tunnel", "stop", "--service", "root@server");
    assert.equal(removed.unit, made.unit);
    assert.equal(await exists(made.path), false);
    assert.equal((await userctl("cat", made.unit)).code, 1);
    assert.deepEqual(await list(), []);
    assert.equal(errorOf(await run("tunnel", "stop", "--service", "root@server"), 5).code, "NOT_RUNNING");
  });

  it("is refused, and nothing is written, where it could not be kept", async () => {
    const units = () => must(host, "find", `/home/${user}/.config/systemd`, "-type", "f");
    const refusal = async (exit: number, ...more: readonly string[]) =>
      errorOf(await run("tunnel", "root@server", "--service", ...more), exit).code;
    const noWay = await runIn({}, "tunnel", "root@server", "--service");
    assert.equal(errorOf(noWay, 6).code, "NO_SERVICE_MANAGER");

    const { items } = await document("tunnel", "root@server", "--detach");
    assert.equal(await refusal(3), "TUNNEL_RUNS");
    const held = String(items[0].registry).replace(/^.*:/, "");
    assert.equal(await refusal(3, "--name", "other", "--local-port", held), "PORT_HELD");
    await document("tunnel", "stop", "root@server");

    await must(host, "su", "-s", "/bin/sh", user, "-c", "ssh-keygen -q -p -N secret -f ~/.ssh/id_ed25519");
    assert.equal(await refusal(3), "KEY_NEEDS_PERSON");
    assert.equal((await units()).trim(), "");
  });
});
