import assert from "node:assert/strict";
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { hashSync } from "bcryptjs";
import { type CliRun, runCli, startCli } from "../support/run-cli.ts";
import { createTempHome } from "../support/temp-home.ts";

interface Person extends AsyncDisposable {
  readonly home: string;
  regctl(...args: readonly string[]): Promise<CliRun>;
  json(...args: readonly string[]): Promise<Record<string, unknown>>;
  /** In the foreground; ended with the test. */
  serve(...args: readonly string[]): Promise<Foreground>;
}

interface Foreground {
  readonly child: ChildProcess;
  readonly url: string;
  readonly document: Record<string, unknown>;
  /** Resolves when standard error holds this. */
  until(text: string | RegExp): Promise<string>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const free = ["--listen", "127.0.0.1:0"];

async function openPerson(): Promise<Person> {
  const home = await createTempHome();
  const env = { HOME: home.path };
  const children: ChildProcess[] = [];
  const regctl = (...args: readonly string[]) => runCli(args, { env, timeoutMs: 60_000 });
  const json = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await regctl(...args, "--json");
    assert.equal(code, 0, stdout + stderr);
    return JSON.parse(stdout);
  };
  const serve = async (...args: readonly string[]): Promise<Foreground> => {
    const child = startCli(["serve", ...free, ...args, "--json"], { env });
    children.push(child);
    let [told, said] = ["", ""];
    child.stderr.on("data", (chunk) => (told += chunk));
    child.stdout.on("data", (chunk) => (said += chunk));
    while (!said.endsWith("}\n")) await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    const document = JSON.parse(said);
    return {
      child,
      url: String(document.url),
      document,
      until: async (text) => {
        while (told.search(text) === -1) await once(child.stderr, "data");
        return told;
      },
      end: async (signal) => {
        child.kill(signal);
        const [code] = await once(child, "close");
        return code;
      },
    };
  };
  return {
    home: home.path,
    regctl,
    json,
    serve,
    [Symbol.asyncDispose]: async () => {
      for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
      await regctl("serve", "stop", "--all");
      await home[Symbol.asyncDispose]();
    },
  };
}

const errorOf = ({ code, stdout }: CliRun) => {
  const { error } = JSON.parse(stdout);
  return [code, error.code];
};

describe("in the foreground", { concurrency: 2 }, () => {
  test("the document says where it is; status, stop and a second server know of it", async () => {
    await using person = await openPerson();
    const { child, document, url } = await person.serve();
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const storage = join(person.home, ".local/share/regctl/registry");
    const { pid, repositories, blobs, bytes } = document;
    assert.deepEqual([pid, document.storage, repositories, blobs, bytes], [child.pid, storage, 0, 0, 0]);
    assert.equal((await fetch(`${url}/v2/`)).status, 200);
    assert.deepEqual((await person.json("serve", "status")).items, [document]);
    assert.deepEqual(errorOf(await person.regctl("serve", "--json", ...free)), [3, "STORAGE_LOCKED"]);
    assert.deepEqual(errorOf(await person.regctl("serve", "-d", "--json", ...free)), [3, "STORAGE_LOCKED"]);
    const other = ["--storage", join(person.home, "other")];
    assert.deepEqual(errorOf(await person.regctl("serve", "stop", ...other, "--json")), [5, "NOT_RUNNING"]);
    const ended = once(child, "close");
    assert.deepEqual((await person.json("serve", "stop")).items, [document]);
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(errorOf(await person.regctl("serve", "status", "--json")), [5, "NOT_RUNNING"]);
  });

  test("of several one is named, or all: without a person to ask neither is guessed", async () => {
    await using person = await openPerson();
    const folders = ["a", "b", "c"].map((name) => join(person.home, name));
    const servers: Foreground[] = [];
    for (const folder of folders) servers.push(await person.serve("--storage", folder));
    const storages = ({ items }: Record<string, unknown>) =>
      Array.isArray(items) ? items.map(({ storage }) => storage).sort() : [];
    const asked = await person.regctl("serve", "stop", "--json");
    assert.deepEqual(errorOf(asked), [2, "MISSING_ANSWER"]);
    const { message } = JSON.parse(asked.stdout).error;
    for (const { document } of servers) {
      assert.ok(message.includes(`${document.registry}, kept in ${document.storage}`), message);
    }
    assert.deepEqual(storages(await person.json("serve", "status")), folders);
    const [first = "", ...others] = folders;
    assert.deepEqual(storages(await person.json("serve", "stop", "--storage", first)), [first]);
    assert.deepEqual(storages(await person.json("serve", "stop", "--all")), others);
    assert.deepEqual(errorOf(await person.regctl("serve", "stop", "--json")), [5, "NOT_RUNNING"]);
    const both = await person.regctl("serve", "stop", "--all", "--storage", first, "--json");
    assert.deepEqual(errorOf(both), [2, "USAGE"]);
  });

  test("SIGTERM is its normal end, Ctrl-C an interruption; a crash leaves nothing in the way", async () => {
    await using person = await openPerson();
    assert.equal(await (await person.serve()).end("SIGTERM"), 0);
    assert.equal(await (await person.serve()).end("SIGINT"), 130);
    assert.equal(await (await person.serve()).end("SIGKILL"), null);
    assert.deepEqual(errorOf(await person.regctl("serve", "status", "--json")), [5, "NOT_RUNNING"]);
    assert.equal(await (await person.serve()).end("SIGTERM"), 0);
  });

  test("a command that is nearly right is named", async () => {
    await using person = await openPerson();
    const { code, stderr } = await person.regctl("serve", "stat");
    assert.deepEqual([code, stderr.includes("→ regctl serve status\n")], [2, true]);
  });

  test("no signal opens an inspector", { skip: process.platform === "win32" }, async () => {
    await using person = await openPerson();
    const { child, url, until } = await person.serve("--log", "json");
    child.kill("SIGUSR1");
    child.kill("SIGHUP");
    const told = await until("read again");
    assert.doesNotMatch(told, /Debugger/);
    assert.equal((await fetch(`${url}/v2/`)).status, 200);
    await assert.rejects(fetch("http://127.0.0.1:9229/json/version", { signal: AbortSignal.timeout(2000) }));
  });

  test("requests are logged for people or programs, or not at all", async () => {
    await using person = await openPerson();
    const human = await person.serve("--storage", join(person.home, "a"));
    await fetch(`${human.url}/v2/_catalog`);
    assert.match(
      await human.until("_catalog"),
      /\d\d:\d\d:\d\d 200 GET \/v2\/_catalog 19 B, \d+ ms, 127\.0\.0\.1/,
    );
    const json = await person.serve("--storage", join(person.home, "b"), "--progress", "json");
    await fetch(`${json.url}/v2/?evil=%1b`);
    const [line = ""] = (await json.until(/"request".*\n/)).split("\n");
    const { event, method, target, status, bytesOut } = JSON.parse(line);
    assert.deepEqual([event, method, target, status, bytesOut], ["request", "GET", "/v2/?evil=%1b", 200, 2]);
    const off = await person.serve("--storage", join(person.home, "c"), "--log", "off");
    await fetch(`${off.url}/v2/`);
    assert.equal(await off.end("SIGTERM"), 0);
    assert.doesNotMatch(await off.until(""), /GET/);
  });

  test("a port that is taken is PORT_HELD, with a name where one is known", async () => {
    await using person = await openPerson();
    const holder = createServer();
    holder.listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    assert.ok(address !== null && typeof address === "object");
    const listen = ["--listen", `127.0.0.1:${address.port}`];
    for (const detach of [[], ["-d"]]) {
      const held = await person.regctl("serve", ...listen, ...detach, "--json");
      assert.deepEqual(errorOf(held), [3, "PORT_HELD"]);
      if (process.platform === "linux") assert.ok(held.stdout.includes(`(pid ${process.pid})`), held.stdout);
    }
    holder.close();
  });

  test("elsewhere than on loopback it wants a word first", async () => {
    await using person = await openPerson();
    const open = ["serve", "--listen", "0.0.0.0:0", "--json"];
    assert.deepEqual(errorOf(await person.regctl(...open)), [2, "MISSING_ANSWER"]);
    assert.deepEqual(errorOf(await person.regctl(...open, "-d")), [2, "MISSING_ANSWER"]);
    const agreed = await person.regctl(...open, "-d", "--yes");
    assert.match(agreed.stderr, /can push, overwrite and delete/);
    const { url, listen } = JSON.parse(agreed.stdout);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(listen, /^0\.0\.0\.0:\d+$/);
  });
});

describe("in the background", { concurrency: 2 }, () => {
  test("it comes back when it is ready, outlives whoever started it, logs to a file, and is stopped", async () => {
    await using person = await openPerson();
    const document = await person.json("serve", "-d", ...free);
    assert.equal((await fetch(`${document.url}/v2/`)).status, 200);
    assert.deepEqual((await person.json("serve", "status")).items, [document]);
    const stat = await readFile(`/proc/${document.pid}/stat`, "utf8").catch(() => null);
    // The sixth field is its session: its own.
    if (stat !== null) assert.equal(Number(stat.replace(/^.*\) /, "").split(" ")[3]), document.pid);
    await person.json("serve", "stop");
    await assert.rejects(fetch(`${document.url}/v2/`));
    assert.match(await readFile(String(document.log), "utf8"), / 200 GET \/v2\/ /);
  });

  test("what keeps it from starting is told with its code or in its words", async () => {
    await using person = await openPerson();
    const file = join(person.home, "users");
    await writeFile(file, "bob:plain\n");
    const refused = await person.regctl("serve", "-d", ...free, "--htpasswd", file, "--json");
    assert.deepEqual(errorOf(refused), [1, "START_FAILED"]);
    assert.match(JSON.parse(refused.stdout).error.message, /line 1: its hash is not bcrypt's/);
    const foreground = await person.regctl("serve", ...free, "--htpasswd", file, "--json");
    assert.deepEqual(errorOf(foreground), [1, "FILE_FAILED"]);
  });

  test("gc and verify are done by the server that has the storage, and without one all the same", async () => {
    await using person = await openPerson();
    const { url, storage } = await person.json("serve", "-d", ...free);
    const body = Buffer.from("a layer that no image needs");
    const digest = `sha256:${(await import("node:crypto")).createHash("sha256").update(body).digest("hex")}`;
    const pushed = await fetch(`${url}/v2/app/blobs/uploads/?digest=${digest}`, { method: "POST", body });
    assert.equal(pushed.status, 201);
    assert.deepEqual(await person.json("serve", "gc", "--dry-run"), {
      removed: 0,
      bytes: 0,
      dryRun: true,
      storage,
    });
    assert.deepEqual(await person.json("serve", "verify"), { ok: true, blobs: 1, damaged: [], storage });
    await person.json("serve", "stop");
    assert.deepEqual(await person.json("serve", "verify"), { ok: true, blobs: 1, damaged: [], storage });
    const path = join(String(storage), "blobs/sha256", digest.slice(7));
    await (await import("node:fs/promises")).chmod(path, 0o644);
    await writeFile(path, "something else of another size");
    const damaged = await person.regctl("serve", "verify", "--json");
    assert.equal(damaged.code, 1);
    assert.equal(JSON.parse(damaged.stdout).damaged[0].digest, digest);
  });
});

describe("with TLS and a login", () => {
  test("self-signed, htpasswd and anonymous pull; both files are read again on SIGHUP", async () => {
    await using person = await openPerson();
    const file = join(person.home, "users");
    await writeFile(file, `alice:${hashSync("secret", 4)}\n`);
    const flags = ["--tls", "self-signed", "--htpasswd", file, "--anonymous", "pull"];
    const { child, url, document, until } = await person.serve(...flags);
    const { tls } = document as { tls: { ca: string; fingerprint: string } };
    const curl = async (...args: readonly string[]) => {
      const all = ["-s", "--cacert", tls.ca, "-o", "/dev/null", "-w", "%{http_code}", ...args];
      return (
        await promisify(execFile)("curl", all).catch(({ stdout, code }) => ({ stdout: `${stdout} ${code}` }))
      ).stdout;
    };
    assert.equal(await curl(`${url}/v2/`), "401");
    assert.equal(await curl("-u", "alice:secret", `${url}/v2/`), "200");
    assert.equal(await curl(`${url}/v2/_catalog`), "200");
    assert.equal(await curl("-X", "POST", `${url}/v2/app/blobs/uploads/`), "401");
    assert.equal(await curl("-u", "alice:secret", "-X", "POST", `${url}/v2/app/blobs/uploads/`), "202");
    await writeFile(file, `bob:${hashSync("hidden", 4)}\n`);
    child.kill("SIGHUP");
    await until("read again");
    assert.equal(await curl("-u", "alice:secret", `${url}/v2/`), "401");
    assert.equal(await curl("-u", "bob:hidden", `${url}/v2/`), "200");
    await writeFile(file, "broken\n");
    child.kill("SIGHUP");
    await until("users were not read again");
    assert.equal(await curl("-u", "bob:hidden", `${url}/v2/`), "200");
  });
});
