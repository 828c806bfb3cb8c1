/** `--tunnel SERVER`, `tunnel SERVER -- COMMAND`, and a tunnel as the default registry. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeLayout } from "../acceptance/make-layout.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { startServed } from "../support/served-registry.ts";
import { makeLockedKey } from "../support/ssh-server.ts";
import { itemsOf } from "../support/test-cli.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";
import { closedPort, errorOf, openTunnelPerson, type TunnelPerson, until } from "../support/tunnel-person.ts";

const usual = ["--engine-host", "none"] as const;

/** The port that its later tunnels have, too. */
async function choosePort(person: TunnelPerson, to: string): Promise<string> {
  const words = ["tunnel", person.spec, "--to", to, "--local-port", "0", ...usual];
  const { code, stdout } = await person.run([...words, "--", "sh", "-c", "printf %s $REGCTL_REGISTRY"]);
  assert.equal(code, 0);
  return stdout;
}

const listed = async (person: TunnelPerson) => itemsOf(await person.document("tunnel", "list"));

describe("a command inside a tunnel", { concurrency: 2 }, () => {
  test("has standard streams, flags and exit code of its own, and no secret of ours", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson({
      server: { password: "pa55" },
      env: { REGCTL_SSH_PASSWORD: "pa55" },
    });
    const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", ...usual, "--json"];
    const child = person.start([...words, "--", "sh", "-c", "cat; env; echo --json; exit 9", "--help"]);
    child.stdin.end("from standard input\n");
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    const [code] = await once(child, "close");
    assert.equal(code, 9);
    assert.match(said, /^from standard input\n/);
    assert.match(said, /^REGCTL_REGISTRY=localhost:\d+$/m);
    assert.match(said, /--json\n$/);
    assert.doesNotMatch(said, /pa55/);
    assert.deepEqual(await listed(person), []);
  });

  test("gets the signals, and its end by one is told as a shell tells it", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", ...usual, "--"];
    const script = "trap 'echo heard; exit 3' INT; echo ready; while :; do sleep 0.05; done";
    const child = person.start([...words, "sh", "-c", script]);
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    await until("it runs", () => said.includes("ready"));
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    assert.deepEqual([code, said], [3, "ready\nheard\n"]);
    const killed = await person.run([...words, "sh", "-c", "kill -TERM $$"]);
    assert.equal(killed.code, 143);
  });

  test("is not started without the tunnel, nor where there is no such command: 125", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const nothing = ["tunnel", person.spec, "--to", `127.0.0.1:${closedPort}`, ...usual];
    const mark = join(person.home, "mark");
    const one = await person.run([...nothing, "--", "touch", mark]);
    assert.equal(one.code, 125);
    assert.match(one.stderr, /touch was not started: .*no registry answers/);
    await assert.rejects(readFile(mark));
    const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", ...usual];
    const other = await person.run([...words, "--", "/no/such/program"]);
    assert.deepEqual([other.code, other.stdout], [125, ""]);
  });
});

describe("--tunnel", { concurrency: 2 }, () => {
  test("opens one for the call, at the usual port, and leaves nothing; the live one is used where there is one", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const address = await choosePort(person, registry.host);
    const layout = join(person.home, "layout");
    await makeLayout(layout);
    const published = await person.document(
      "publish",
      `oci:${layout}:single`,
      "app:1",
      "--tunnel",
      person.spec,
    );
    assert.equal(itemsOf(published)[0]?.reference, `${address}/app:1`);
    assert.equal((await person.document("ping", "--tunnel", person.spec)).registry, address);
    assert.deepEqual([await listed(person), person.server.open], [[], 0]);
    await person.document("tunnel", person.spec, "-d", ...usual);
    const { code, stderr } = await person.run(["tags", "app", "--tunnel", person.spec]);
    assert.equal(code, 0);
    assert.match(stderr, /goes through the tunnel/);
    assert.equal(person.server.open, 1);
    assert.equal(itemsOf(await person.document("search", "app"))[0]?.name, "app");
    const shown = await person.document("use");
    assert.deepEqual([shown.registry, shown.from], [address, "tunnel"]);
    const named = await person.run(["use", "--json"], { env: { REGCTL_REGISTRY: "named.example" } });
    assert.equal(JSON.parse(named.stdout).registry, "named.example");
  });

  test("two live tunnels are no default registry", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    for (const name of ["one", "two"]) {
      const words = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", "--name", name, "-d"];
      await person.document(...words, ...usual);
    }
    assert.deepEqual(await person.failure("search", "app"), [2, "USAGE"]);
    assert.equal((await person.document("use")).registry, null);
    assert.deepEqual(await person.failure("tunnel", "stop"), [2, "USAGE"]);
    assert.equal(itemsOf(await person.document("tunnel", "stop", "--all")).length, 2);
  });

  test("does not stand beside another name of the registry; what keeps it is said as always", async () => {
    await using person = await openTunnelPerson();
    const tunnel = ["--tunnel", person.spec] as const;
    assert.deepEqual(await person.failure("tags", "a", ...tunnel, "--registry", "r:1"), [2, "USAGE"]);
    for (const command of ["ping", "login", "logout"]) {
      assert.deepEqual(await person.failure(command, "r:1", ...tunnel), [2, "USAGE"]);
    }
    await using unknown = await openTunnelPerson({ known: false });
    assert.deepEqual(await unknown.failure("ping", "--tunnel", unknown.spec), [2, "SSH_HOST_KEY_UNKNOWN"]);
    const [fingerprint = ""] = unknown.server.fingerprints;
    const words = ["tags", "a", "--tunnel", unknown.spec, "--accept-host-key", fingerprint, "--json"];
    const [, code] = errorOf(await unknown.run(words));
    assert.notEqual(code, "SSH_HOST_KEY_UNKNOWN");
  });
});

describe("--service", { concurrency: 2 }, () => {
  test("is shown with --dry-run, for a key that nobody has to unlock", async () => {
    await using registry = await startOwnRegistry();
    await using person = await openTunnelPerson();
    const words = ["tunnel", person.spec, "--to", registry.host, "--service", "--dry-run", ...usual];
    const document = await person.document(...words);
    assert.match(String(document.path), /\/\.config\/systemd\/user\/regctl-tunnel-[0-9a-f]{12}\.service$/);
    const content = String(document.content);
    assert.match(content, new RegExp(`^ExecStart=.* --disable-sigusr1 .* tunnel ${person.spec} `, "m"));
    assert.match(content, /^StartLimitIntervalSec=0$/m);
    assert.match(content, /^WantedBy=default\.target$/m);
    await assert.rejects(readFile(String(document.path)));
    const text = await person.run(words);
    assert.match(text.stdout, /systemctl --user enable .*\n.*loginctl enable-linger/s);
    assert.deepEqual(await person.failure("tunnel", "stop", "--service", person.spec), [5, "NOT_RUNNING"]);
  });

  test("is refused where a password or a passphrase is needed", async () => {
    await using registry = await startOwnRegistry();
    const words = (person: TunnelPerson) =>
      ["tunnel", person.spec, "--to", registry.host, "--service", "--dry-run", ...usual] as const;
    await using typed = await openTunnelPerson({
      server: { publicKeys: [], password: "pa55" },
      env: { REGCTL_SSH_PASSWORD: "pa55" },
    });
    assert.deepEqual(await typed.failure(...words(typed)), [3, "KEY_NEEDS_PERSON"]);
    const locked = makeLockedKey("pass");
    await using person = await openTunnelPerson({ server: { publicKeys: [locked.public] }, key: false });
    await writeFile(`${person.home}/.ssh/id`, locked.private, { mode: 0o600 });
    assert.deepEqual(await person.failure(...words(person)), [3, "KEY_NEEDS_PERSON"]);
  });
});

test("a certificate for other names is told with its names, and done without where that is said", {
  skip: withoutOpenssl,
}, async () => {
  await using authority = await createTlsAuthority();
  await using person = await openTunnelPerson();
  const [cert, key] = [join(person.home, "cert.pem"), join(person.home, "key.pem")];
  const issued = await authority.issue({ names: ["DNS:registry.example"] });
  await Promise.all([writeFile(cert, issued.cert), writeFile(key, issued.key, { mode: 0o600 })]);
  const { home } = person;
  const args = ["--tls-cert", cert, "--tls-key", key];
  await using served = await startServed({ home, storage: join(home, "store"), args });
  const words = ["tunnel", person.spec, "--to", served.host, "--local-port", "0", ...usual];
  const refused = await person.run([...words, "--ca", authority.caPath, "--json"]);
  assert.deepEqual(errorOf(refused), [6, "REGISTRY_NAME_MISMATCH"]);
  assert.match(JSON.parse(refused.stdout).error.message, /good for registry\.example, and not for localhost/);
  const [item = {}] = itemsOf(await person.document(...words, "-d"));
  assert.equal(item.healthy, true);
});
