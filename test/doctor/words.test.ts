/** What a person reads who met the fault a moment ago: each line is one to act on. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { DoctorOutcome } from "../../src/doctor/outcome.ts";
import { RegctlError } from "../../src/errors.ts";
import { explain } from "../../src/explain/errors.ts";
import { findClosedPort, openDoctorWorld } from "../support/doctor-world.ts";
import { startCli } from "../support/run-cli.ts";
import { openCli } from "../support/test-cli.ts";
import { startTinyRegistry } from "../support/tiny-registry.ts";
import { closedPort } from "../support/tunnel-person.ts";

const remediesOf = ({ cause }: DoctorOutcome): string => cause?.remedies.join("\n") ?? "";

test("a dead port of this machine: nothing is to listen for everybody, and what serves elsewhere is named", async () => {
  await using world = await openDoctorWorld();
  const port = await findClosedPort();
  const alone = await world.examine(`localhost:${port}`);
  assert.match(alone.cause?.message ?? "", /^Nothing listens at localhost:\d+ on this machine\.$/);
  assert.match(remediesOf(alone), new RegExp(`regctl serve --listen 127\\.0\\.0\\.1:${port} --detach`));
  assert.doesNotMatch(remediesOf(alone), /0\.0\.0\.0|curl/);
  const six = await world.examine(`[::1]:${port}`);
  assert.match(remediesOf(six), new RegExp(`regctl serve --listen '\\[::1\\]:${port}' --detach`));
  const bare = await world.examine("localhost");
  assert.match(remediesOf(bare), /^regctl doctor localhost:5000$/m);
});

test("a registry of regctl's that serves at another port is named", async () => {
  await using cli = await openCli();
  const storage = `${cli.home}/registry`;
  const served = await cli.document("serve", "--listen", "127.0.0.1:0", "--storage", storage, "--detach");
  try {
    const { stdout } = await cli.run(["doctor", `127.0.0.1:${closedPort}`, "--json"]);
    const there = new URL(String(served.url)).host;
    const { checks }: DoctorOutcome = JSON.parse(stdout);
    const tcp = checks.find(({ id }) => id === "tcp");
    assert.ok(tcp?.remedies?.includes(`One is served at ${there}: regctl doctor ${there}`), stdout);
  } finally {
    await cli.document("serve", "stop", "--storage", storage);
  }
});

test("an engine that only its address is known of is no fault, and one that is here by chance does not count", async () => {
  await using registry = await startTinyRegistry();
  await using world = await openDoctorWorld({ environment: { DOCKER_HOST: "tcp://192.0.2.1:2375" } });
  const outcome = await world.examine(registry.host);
  const engine = outcome.checks.find(({ id }) => id === "engine");
  assert.deepEqual([outcome.ok, engine?.status], [true, "skipped"], JSON.stringify(outcome, null, 1));
  assert.match(engine?.message ?? "", /tcp:\/\/192\.0\.2\.1:2375 .* --on 192\.0\.2\.1\.$/);
});

test("an engine whose socket is not there: what names it is said, and how to do without", async () => {
  await using world = await openDoctorWorld({ info: null });
  const { cause } = await world.examine(undefined);
  assert.match(
    cause?.message ?? "",
    /^The engine that DOCKER_HOST names does not answer: there is no \/\S+\.$/,
  );
  assert.match(cause?.remedies[0] ?? "", /unset DOCKER_HOST$/);
});

test("setup for an engine elsewhere: the line that was typed, whole, with the machine", async () => {
  await using cli = await openCli();
  const env = { DOCKER_HOST: "tcp://192.0.2.1:2375" };
  const trust = ["setup", "trust", "registry.example:5000", "--ca", "/dev/null"];
  for (const words of [
    ["setup", "insecure", "registry.example:5000"],
    ["setup", "mirror", "https://m.example"],
  ]) {
    const { code, stdout } = await cli.run([...words, "--json"], { env });
    assert.equal(code, 3, stdout);
    const line = `regctl ${words.join(" ")} --json --on 192.0.2.1`;
    assert.deepEqual(JSON.parse(stdout).error.remedies, [line]);
  }
  assert.equal((await cli.run(trust, { env })).code, 1);
});

test("setup trust of a registry without a certificate says so, and nothing of OpenSSL's", async () => {
  await using registry = await startTinyRegistry();
  await using cli = await openCli();
  const { code, stdout } = await cli.run(["setup", "trust", registry.host, "--json"]);
  const { message, remedies } = JSON.parse(stdout).error;
  assert.equal(code, 6);
  assert.match(
    message,
    /there is no certificate to trust\. Nothing was changed\. On loopback nothing is needed/,
  );
  assert.doesNotMatch(message, /SSL|openssl|deps/);
  assert.match(remedies.join("\n"), /regctl serve --listen 127\.0\.0\.1:\d+ --tls self-signed/);
  const facts = { registry: "r.example:5000", reason: "x", noCertificate: "elsewhere" } as const;
  const there = explain(new RegctlError("REGISTRY_PROTOCOL", facts));
  assert.match(there.remedies[0] ?? "", /regctl setup insecure r\.example:5000$/);
});

test("the authority of our own server is named by its file", async () => {
  await using cli = await openCli();
  const own = { DOCKER_HOST: "tcp://192.0.2.1:2375" };
  const storage = `${cli.home}/registry`;
  const words = ["--listen", "127.0.0.1:0", "--storage", storage, "--tls", "self-signed", "--detach"];
  const served = await cli.document("serve", ...words);
  try {
    const { host } = new URL(String(served.url));
    const { stdout } = await cli.run(["doctor", host, "--no-insecure", "--json"], { env: own });
    const { cause }: DoctorOutcome = JSON.parse(stdout);
    assert.equal(cause?.code, "CERTIFICATE_UNKNOWN_AUTHORITY", stdout);
    const [line = ""] = cause.remedies;
    assert.match(line, /^regctl use 127\.0\.0\.1:\d+ --ca \/\S+\/tls\/ca\.pem$/);
    const [, ...typed] = line.split(" ");
    assert.equal((await cli.run(typed)).code, 0);
    assert.equal((await cli.run(["doctor", host], { env: own })).code, 0);
  } finally {
    await cli.document("serve", "stop", "--storage", storage);
  }
});

test("--explain takes any bytes from standard input, and says of none what nobody knows", async () => {
  await using cli = await openCli();
  const explained = async (input: Buffer) => {
    const child = startCli(["doctor", "--explain", "-", "--json"], { env: { HOME: cli.home } });
    const said: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
    child.stdin.end(input);
    const [code] = await once(child, "close");
    return { code, document: JSON.parse(Buffer.concat(said).toString()) };
  };
  const noise = randomBytes(64 * 1024);
  assert.deepEqual((await explained(Buffer.alloc(0))).document.error?.code, "USAGE");
  const known = Buffer.from(
    '\nGet "https://r.example:5000/v2/": http: server gave HTTP response to HTTPS client\n',
  );
  const long = Buffer.concat([Buffer.from("a line\n".repeat(300_000)), known]);
  const { code, document } = await explained(long);
  assert.deepEqual([code, document.cause?.code], [0, "REGISTRY_PROTOCOL"]);
  const unknown = await explained(Buffer.alloc(noise.length, 0));
  assert.deepEqual([unknown.code, unknown.document.explained], [1, []]);
  assert.equal((await explained(Buffer.concat([noise, known]))).document.cause?.code, "REGISTRY_PROTOCOL");
});

test("a refused loopback address in any text: a registry or a tunnel that is not up", async () => {
  await using cli = await openCli();
  const text = "dial tcp 127.0.0.1:5000: connect: connection refused";
  const { cause } = await cli.document("doctor", "--explain", text);
  const { message, remedies } = cause as { message: string; remedies: readonly string[] };
  assert.match(message, /the registry or the tunnel to it is not up/);
  assert.equal(remedies[0], "regctl doctor 127.0.0.1:5000");
});

test("Ctrl-C while something is silent: exit 130, and one document", async () => {
  const asked = Promise.withResolvers<void>();
  const open = new Set<Socket>();
  const silent = createServer((socket) => {
    open.add(socket.on("error", () => {}));
    asked.resolve();
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  await using cli = await openCli();
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : 0;
  const child = startCli(["doctor", `127.0.0.1:${port}`, "--json", "--timeout", "600"], {
    env: { HOME: cli.home },
  });
  try {
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    const closed = once(child, "close");
    await Promise.race([asked.promise, closed]);
    child.kill("SIGINT");
    assert.equal((await closed)[0], 130);
    assert.equal(JSON.parse(said).error?.code, "INTERRUPTED");
  } finally {
    child.kill("SIGKILL");
    for (const socket of open) socket.destroy();
    silent.close();
  }
});
