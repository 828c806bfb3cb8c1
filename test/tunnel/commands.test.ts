/** The commands as a user types them, against an SSH server and a registry of this process. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { describe, test } from "node:test";
import { hasOpenSsh } from "../support/openssh.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { repository } from "../support/run-cli.ts";
import { itemsOf } from "../support/test-cli.ts";
import {
  closedPort,
  errorOf,
  type Foreground,
  inFront,
  openTunnelPerson,
  type TunnelPerson,
  until,
} from "../support/tunnel-person.ts";

const here = ["--local-port", "0", "--engine-host", "none"] as const;

async function detached(person: TunnelPerson, to: string, ...more: readonly string[]) {
  const document = await person.document("tunnel", person.spec, "--to", to, "--detach", ...here, ...more);
  const [item = {}] = itemsOf(document);
  return item;
}

const pingThrough = async (registry: unknown): Promise<number> =>
  (await fetch(`http://${registry}/v2/`, { signal: AbortSignal.timeout(20_000) })).status;

const list = async (person: TunnelPerson) => itemsOf(await person.document("tunnel", "list"));

const settled = async (front: Foreground, signal: NodeJS.Signals): Promise<number | null> => {
  front.child.kill(signal);
  return await front.code;
};

/** Without colours. */
function plainOf(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences
  return text.replace(/\u001b\[\d+m/g, "");
}

describe("in the foreground", { concurrency: 2 }, () => {
  test("one document when it is up, then events; SIGTERM is its end, Ctrl-C an interruption", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, ...here, "--json", "--progress", "json"];
    const front = await inFront(person, words);
    const [item = {}] = itemsOf(front.document);
    assert.deepEqual(
      [item.name, item.server, item.to, item.state, item.healthy, item.pid, item.startedBy],
      [person.spec, person.spec, registry.host, "up", true, front.child.pid, "terminal"],
    );
    assert.equal(await pingThrough(item.registry), 200);
    const [listed = {}] = await list(person);
    assert.deepEqual([listed.registry, listed.state, listed.healthy], [item.registry, "up", true]);
    assert.ok(Number(listed.bytesUp) > 0 && Number(listed.bytesDown) > 0);
    person.server.cut();
    await front.told(/"event":"tunnel".*"state":"reconnecting"/);
    const told = await front.told(/"state":"up".*"reconnects":1/);
    for (const line of told.trim().split("\n")) assert.equal(typeof JSON.parse(line).event, "string", line);
    assert.equal(await settled(front, "SIGINT"), 130);
    assert.equal(front.printed().trim(), JSON.stringify(front.document, null, 2));
    const again = await inFront(person, words);
    assert.equal(await settled(again, "SIGTERM"), 0);
    assert.deepEqual(await list(person), []);
  });

  test("plain words tell changes of state and nothing between", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, ...here, "--json"];
    const front = await inFront(person, words);
    const [item = {}] = itemsOf(front.document);
    for (const _ of [1, 2, 3]) await pingThrough(item.registry);
    person.server.cut();
    const told = await front.told(/is up again/);
    assert.match(told, /the tunnel is reconnecting: /);
    assert.equal(told.match(/the tunnel is up\n/g)?.length, 1, told);
    assert.doesNotMatch(told, /KiB|MiB/);
    const { code } = await person.run(["tunnel", "stop"]);
    assert.deepEqual([code, await front.code], [0, 0]);
  });

  test("on a terminal, the live line stands below the whole document and is gone at the end", {
    skip: spawnSync("script", ["--version"]).error === undefined ? false : "script is not installed",
  }, async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = [
      process.execPath,
      `${repository}/bin/run.js`,
      "tunnel",
      person.spec,
      "--to",
      registry.host,
    ];
    const line = [...words, ...here].join(" ");
    const env = { ...person.env, LANG: "C.UTF-8", TERM: "xterm" };
    const child = spawn("script", ["-qec", line, "/dev/null"], { env });
    let seen = "";
    child.stdout.on("data", (chunk) => (seen += chunk));
    const gone = once(child, "close");
    try {
      await until(
        "the live line",
        () => /up since \d\d:/.test(seen),
        () => seen,
      );
    } finally {
      await person.run(["tunnel", "stop"]);
      await gone;
    }
    const [, document = "", after = ""] =
      /(✔ The registry .*?regctl search \S+\/)\r\n(.*)$/s.exec(plainOf(seen)) ?? [];
    assert.match(document, /next:\r\n {4}regctl publish IMAGE/, JSON.stringify(seen));
    assert.match(after, /^… \S+ {2}up since/);
    assert.ok(seen.endsWith("\r\u001b[1A\u001b[0J"), JSON.stringify(seen.slice(-80)));
  });

  test("a second one of the name is refused; two at once get one each", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, ...here, "-d", "--json"];
    const runs = await Promise.all([1, 2, 3].map(() => person.run(words)));
    const ends = runs.map((run) => (run.code === 0 ? "up" : errorOf(run).join(" "))).sort();
    assert.deepEqual(ends, ["3 TUNNEL_RUNS", "3 TUNNEL_RUNS", "up"]);
    const [item = {}, ...others] = await list(person);
    assert.deepEqual([others.length, item.healthy], [0, true]);
    assert.deepEqual(errorOf(await person.run(words)), [3, "TUNNEL_RUNS"]);
  });
});

describe("in the background", { concurrency: 2 }, () => {
  for (const carrier of ["node", "openssh"] as const) {
    const skip = carrier === "openssh" && !hasOpenSsh;
    test(`a password is in no argument and no environment, and serves again after a cut (${carrier})`, {
      skip: skip && "ssh is not installed",
    }, async () => {
      const password = "pa5$ word-of-the-test";
      await using registry = await startOwnRegistry();
      await using person = await openTunnelPerson({
        server: { publicKeys: [], password },
        key: false,
        env: { REGCTL_SSH_PASSWORD: password },
      });
      const item = await detached(person, registry.host, "--ssh", carrier);
      assert.deepEqual([item.startedBy, item.healthy], ["background", true]);
      for (const file of ["cmdline", "environ"]) {
        const text = await readFile(`/proc/${item.pid}/${file}`, "latin1");
        assert.ok(text.length > 0 && !text.includes(password), file);
      }
      person.server.cut();
      await until("it is back", async () => (await list(person))[0]?.reconnects === 1);
      assert.equal(await pingThrough(item.registry), 200);
      const [after = {}] = await list(person);
      assert.deepEqual([after.reconnects, after.healthy, after.pid], [1, true, item.pid]);
      const log = await readFile(String(item.log), "utf8");
      assert.match(log, /reconnecting/);
      assert.ok(!log.includes(password));
    });
  }

  test("its files and its socket are its user's alone", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const item = await detached(person, registry.host);
    const state = `${person.home}/.local/state/regctl`;
    const [socket = ""] = (await readdir(`${state}/services`)).filter((name) => name.endsWith(".sock"));
    const modes = [
      `${state}/services`,
      `${state}/services/${socket}`,
      String(item.log),
      `${state}/tunnels.json`,
    ];
    const found = await Promise.all(modes.map(async (path) => ((await stat(path)).mode & 0o777).toString(8)));
    assert.deepEqual(found, ["700", "600", "600", "600"]);
  });

  test("killed, it leaves no lie, no held port and no orphan, and the next one has its port", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const item = await detached(person, registry.host);
    process.kill(Number(item.pid), "SIGKILL");
    await until("the SSH connection goes with it", () => person.server.open === 0);
    assert.deepEqual(await list(person), []);
    const port = String(item.registry).split(":")[1];
    const [refused] = await once(createConnection({ port: Number(port), host: "127.0.0.1" }), "error");
    assert.equal(refused.code, "ECONNREFUSED");
    const [again = {}] = itemsOf(await person.document("tunnel", person.spec, "-d", "--engine-host", "none"));
    assert.deepEqual([again.registry, again.to], [item.registry, registry.host]);
    const { stdout } = await person.run(["tunnel", "logs", person.spec]);
    assert.ok(stdout.split("\n").length > 3, stdout);
  });

  test("one that hangs is shown as that, with its name and what to do", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const { pid } = await detached(person, registry.host);
    process.kill(Number(pid), "SIGSTOP");
    try {
      const [shown, listed] = await Promise.all([person.run(["tunnel", "list"]), list(person)]);
      assert.equal(shown.code, 0);
      assert.match(shown.stdout, new RegExp(`^${person.spec} +– +hangs`, "m"));
      assert.ok(shown.stdout.includes(`kill -9 ${pid}`), shown.stdout);
      const [item = {}] = listed;
      assert.deepEqual(
        [item.name, item.server, item.pid, item.state, item.hanging, item.healthy],
        [person.spec, person.spec, pid, "failed", true, false],
      );
    } finally {
      process.kill(Number(pid), "SIGCONT");
    }
    assert.equal((await list(person))[0]?.hanging, undefined);
  });

  test("where none runs, or none of that name, it is said in whole words", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const none = await person.run(["tunnel", "stop"]);
    assert.deepEqual([none.code, none.stderr.split("\n")[0]], [5, "✖ No tunnel runs."]);
    await detached(person, registry.host, "--name", "web");
    await detached(person, registry.host, "--name", "db");
    const wrong = await person.run(["tunnel", "stop", "wbe"]);
    assert.equal(wrong.code, 5);
    assert.match(wrong.stderr, /✖ No tunnel wbe runs\.\n {2}There is:\n {4}(web\n {4}db|db\n {4}web)\n/);
    assert.match(wrong.stderr, /→ regctl tunnel stop web\n/);
  });

  test("names may hold odd signs; a wrong one is answered with those that there are", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const odd = "team ü/'\"$x";
    await detached(person, registry.host, "--name", odd);
    const { code, stderr } = await person.run(["tunnel", "stop", "team ü/x"]);
    assert.equal(code, 5);
    assert.ok(stderr.includes(odd), stderr);
    const logs = await person.run(["tunnel", "logs", odd]);
    assert.equal(logs.code, 0);
    for (const columns of [60, 80]) {
      const { stdout } = await person.run(["tunnel", "list"], { env: { COLUMNS: String(columns) } });
      const [, row = ""] = stdout.split("\n");
      assert.ok(row.length <= columns && row.startsWith("team"), stdout);
    }
    assert.deepEqual(itemsOf(await person.document("tunnel", "stop", odd)).length, 1);
  });

  test("more forwards go over the same connection, to ports and to sockets", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const path = `${person.home}/here.sock`;
    const item = await detached(
      person,
      registry.host,
      "-L",
      `0:${registry.host}`,
      "-L",
      `${path}:${registry.host}`,
    );
    assert.equal(person.server.open, 1);
    const [first, second] = item.forwards as readonly { readonly from: string }[];
    assert.equal(await pingThrough(first?.from), 200);
    assert.deepEqual(second, { from: `unix:${path}`, to: registry.host });
    const socket = createConnection(path);
    socket.write("GET /v2/ HTTP/1.0\r\n\r\n");
    const [answer] = await once(socket, "data");
    assert.match(String(answer), /^HTTP\/1\.[01] 200/);
    socket.destroy();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });
});

describe("what can be wrong is said", { concurrency: 2 }, () => {
  const fails = (person: TunnelPerson, to: string, ...more: readonly string[]) =>
    person.failure("tunnel", person.spec, "--to", to, ...here, ...more);

  test("about the host's key: unknown, vouched for, another than before", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson({ known: false });
    const [fingerprint = ""] = person.server.fingerprints;
    assert.deepEqual(await fails(person, registry.host), [2, "SSH_HOST_KEY_UNKNOWN"]);
    await detached(person, registry.host, "--accept-host-key", fingerprint);
    await using other = await openTunnelPerson();
    const swapped = other.server.knownHosts.replace(String(other.server.port), String(person.server.port));
    await writeFile(`${person.home}/.ssh/known_hosts`, swapped);
    assert.deepEqual(await fails(person, registry.host, "--name", "b"), [3, "SSH_HOST_KEY_CHANGED"]);
  });

  test("about the login, the forward, the port and the registry", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    await using closed = await openTunnelPerson({ key: false });
    await using strict = await openTunnelPerson({ server: { forbidForwarding: true } });
    assert.deepEqual(await fails(closed, registry.host), [4, "SSH_AUTH_FAILED"]);
    assert.deepEqual(await fails(strict, registry.host), [3, "SSH_FORWARD_DENIED"]);
    const dead = `127.0.0.1:${closedPort}`;
    assert.deepEqual(await fails(person, dead), [6, "TUNNEL_NO_REGISTRY"]);
    const nowhere = await person.failure("tunnel", `u@127.0.0.1:${closedPort}`);
    assert.deepEqual(nowhere, [6, "SSH_UNREACHABLE"]);
    assert.deepEqual(await person.failure("tunnel", "no-such-host.invalid"), [6, "SSH_NAME_UNKNOWN"]);
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as { readonly port: number };
    const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", String(port), "--json"];
    for (const more of [[], ["-d"]]) {
      const run = await person.run([...words, ...more]);
      assert.deepEqual(errorOf(run), [3, "PORT_HELD"]);
      assert.match(JSON.parse(run.stdout).error.message, new RegExp(`pid ${process.pid}\\b`));
    }
    holder.close();
  });
});
