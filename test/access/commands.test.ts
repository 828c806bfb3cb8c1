/** `use`, `ping`, `login` and `logout` as a user types them, against a scripted registry. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { writeHelper } from "../support/credential-program.ts";
import { type CliRun, runCli } from "../support/run-cli.ts";
import { type Exchange, startScriptedRegistry } from "../support/scripted-registry.ts";
import { createTempHome } from "../support/temp-home.ts";
import { createTlsAuthority, withoutOpenssl } from "../support/tls-authority.ts";

const open: Exchange = {
  request: "GET /v2/",
  answer: {},
  answerHeaders: { "docker-distribution-api-version": "registry/2.0" },
};

/** What a registry is asked that can do everything. */
const able: readonly Exchange[] = [
  { ...open, times: 3 },
  {
    request: "GET /v2/_catalog?n=1",
    answer: { repositories: ["app"] },
    answerHeaders: { link: '</v2/_catalog?last=app&n=1>; rel="next"' },
  },
  {
    request: "GET /v2/app/tags/list?n=1",
    answer: { tags: ["1"] },
    answerHeaders: { link: '</v2/app/tags/list?last=1&n=1>; rel="next"' },
  },
  { request: /^DELETE \/v2\/regctl-probe\/manifests\/sha256:[0-9a-f]{64}$/, status: 404 },
  {
    request: /^GET \/v2\/app\/referrers\/sha256:[0-9a-f]{64}$/,
    answer: JSON.stringify({ schemaVersion: 2, manifests: [] }),
    answerHeaders: { "content-type": "application/vnd.oci.image.index.v1+json" },
  },
];

/** And one that can do nothing of it. */
const plain: readonly Exchange[] = [
  { ...open, times: 3 },
  { request: "GET /v2/_catalog?n=1", status: 404 },
  { request: /^DELETE /, status: 405, answer: { errors: [{ code: "UNSUPPORTED", message: "unsupported" }] } },
  { request: /^GET \/v2\/regctl-probe\/referrers\//, status: 404 },
  { request: /^GET \/v2\/regctl-probe\/manifests\/sha256-/, status: 404 },
];

async function openHome() {
  const home = await createTempHome();
  const run = (
    args: readonly string[],
    input?: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<CliRun> =>
    runCli(args, {
      env: { HOME: home.path, DOCKER_HOST: `unix://${home.path}/none.sock`, ...env },
      ...(input === undefined ? {} : { input }),
    });
  const json = async (args: readonly string[], input?: string, env?: Readonly<Record<string, string>>) => {
    const { code, stdout, stderr } = await run([...args, "--json", "--progress", "none"], input, env);
    return { code, stderr, document: JSON.parse(stdout) };
  };
  return { path: home.path, run, json, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

describe("ping", () => {
  test("tells how the registry is reached and what it can do", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry(able);
    const { code, document } = await home.json(["ping", registry.host]);
    const { latencyMs, ...rest } = document;
    assert.ok(code === 0 && latencyMs >= 0);
    assert.deepEqual(rest, {
      registry: registry.host,
      url: registry.url,
      scheme: "http",
      verified: false,
      apiVersion: "registry/2.0",
      auth: "none",
      login: "not-needed",
      capabilities: { catalog: true, tagPaging: true, delete: true, referrers: true },
    });
    registry.done();
  });

  test("in words, for one that can do little", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry(plain);
    const { code, stdout } = await home.run(["ping", registry.host, "--progress", "none"]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /answers at http:\/\/127\.0\.0\.1:\d+ \(registry\/2\.0\) in \d+ ms, by plain HTTP\./,
    );
    assert.match(
      stdout,
      /lists its repositories: no\n.*by the page: unknown\n.*deleted: no\n.*referrers: no\n/,
    );
    registry.done();
  });

  test("a login that is wanted and missing is told, not an error; what it hides is unknown", async () => {
    await using home = await openHome();
    const answerHeaders = { "www-authenticate": 'Basic realm="x"' };
    await using registry = await startScriptedRegistry([
      { request: /./, status: 401, answerHeaders, times: 6 },
    ]);
    const { code, document } = await home.json(["ping", registry.host]);
    assert.deepEqual([code, document.auth, document.login], [0, "basic", "missing"]);
    assert.deepEqual(document.capabilities, {
      catalog: null,
      tagPaging: null,
      delete: null,
      referrers: null,
    });
  });

  for (const [name, exchange, code, exit] of [
    [
      "a web server",
      { request: "GET /v2/", status: 404, answer: "<html>no</html>", times: 2 },
      "NOT_A_REGISTRY",
      6,
    ],
    [
      "a proxy without its registry",
      { request: "GET /v2/", status: 502, times: 6 },
      "REGISTRY_UNREACHABLE",
      6,
    ],
    ["a registry that shuts us out", { request: "GET /v2/", status: 403, times: 2 }, "DENIED", 4],
  ] as const) {
    test(`${name}: ${code}`, async () => {
      await using home = await openHome();
      await using registry = await startScriptedRegistry([exchange]);
      const result = await home.json(["ping", registry.host]);
      assert.deepEqual([result.code, result.document.error.code], [exit, code]);
      registry.done();
    });
  }

  test("plain HTTP that is not allowed: the remedies are commands to type", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry([]);
    const { code, document } = await home.json(["ping", registry.host, "--no-insecure"]);
    assert.deepEqual([code, document.error.code], [6, "REGISTRY_PROTOCOL"]);
    assert.ok(document.error.remedies[0].endsWith(`regctl use ${registry.host} --insecure`));
    assert.ok(document.error.remedies[1].endsWith(`regctl setup insecure ${registry.host}`));
  });

  test("without a registry anywhere: exit 2, and what to type", async () => {
    await using home = await openHome();
    const { code, document } = await home.json(["ping"]);
    assert.deepEqual(
      [code, document.error.code, document.error.remedies],
      [2, "USAGE", ["regctl use HOST[:PORT]"]],
    );
  });
});

describe("use", () => {
  test("sets the default, remembers what is said about it, pings it, and shows it", async () => {
    await using home = await openHome();
    assert.deepEqual((await home.json(["use"])).document, {
      registry: null,
      from: null,
      insecure: false,
      ca: null,
    });
    await using registry = await startScriptedRegistry(able);
    const set = await home.json(["use", `http://${registry.host}/`, "--insecure"]);
    assert.deepEqual(
      [set.code, set.document.registry, set.document.ping.url],
      [0, registry.host, registry.url],
    );
    const expected = { registry: registry.host, from: "settings", insecure: true, ca: null };
    assert.deepEqual((await home.json(["use"])).document, expected);
    const shown = await home.run(["use"]);
    assert.equal(shown.stdout, `${registry.host} (set by regctl use, insecure)\n`);
    registry.done();
    const named = await home.json(["use"], undefined, { REGCTL_REGISTRY: "other.test" });
    assert.deepEqual([named.document.registry, named.document.from], ["other.test", "environment"]);
  });

  test("a registry that does not answer is set all the same, and the exit code says that it does not", async () => {
    await using home = await openHome();
    const { code, stderr } = await home.run(["use", "127.0.0.1:1"]);
    assert.equal(code, 6);
    assert.match(stderr, /127\.0\.0\.1:1 is now your default registry/);
    assert.equal((await home.json(["use"])).document.registry, "127.0.0.1:1");
  });

  test("--none takes the default back, and leaves what else is known", async () => {
    await using home = await openHome();
    await home.run(["use", "127.0.0.1:1", "--insecure"]);
    const { code, stdout, stderr } = await home.run(["use", "--none"]);
    assert.deepEqual([code, stdout], [0, "There is no default registry. Set one: regctl use HOST[:PORT]\n"]);
    assert.match(stderr, /127\.0\.0\.1:1 is not your default registry any more/);
    assert.match(await readFile(`${home.path}/.config/regctl/config.json`, "utf8"), /"insecure": true/);
    // What the environment names still counts.
    const named = await home.json(["use", "--none"], undefined, { REGCTL_REGISTRY: "other.test" });
    assert.deepEqual([named.code, named.document.registry], [0, "other.test"]);
    assert.equal((await home.json(["use", "--none", "r.test"])).code, 2);
    assert.equal((await home.json(["use", "--none", "--insecure"])).code, 2);
  });

  test("a CA is remembered by its whole path, and used", { skip: withoutOpenssl }, async () => {
    await using home = await openHome();
    await using authority = await createTlsAuthority();
    await using registry = await startScriptedRegistry(able, { tls: await authority.issue() });
    const { code, document } = await home.json(["use", registry.host, "--ca", authority.caPath]);
    assert.deepEqual([code, document.ca, document.insecure], [0, authority.caPath, false]);
    assert.deepEqual([document.ping.scheme, document.ping.verified], ["https", true]);
    registry.done();
  });

  test("a CA that is none, and flags without a registry, are wrong usage and change nothing", async () => {
    await using home = await openHome();
    assert.equal((await home.json(["use", "r.test", "--ca", "/none.pem"])).code, 2);
    assert.equal((await home.json(["use", "--insecure"])).code, 2);
    assert.equal((await home.json(["use", "under_score"])).code, 2);
    assert.equal((await home.json(["use"])).document.registry, null);
  });
});

describe("login and logout", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const asks = { request: "GET /v2/", status: 401, answerHeaders: { "www-authenticate": 'Basic realm="x"' } };
  const lets = {
    request: "GET /v2/",
    headers: { authorization: `Basic ${base64("bob:secret")}` },
    answer: {},
  };
  const login = (host: string) => ["login", host, "-u", "bob", "--password-stdin"];

  test("a login is tried, stored where docker has it, and erased again", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry([asks, lets]);
    const file = `${home.path}/.docker/config.json`;
    const { code, document } = await home.json(login(registry.host), "secret\n");
    assert.equal(code, 0);
    assert.deepEqual(document, {
      registry: registry.host,
      username: "bob",
      verified: true,
      storedIn: file,
      plainText: true,
      stored: "password",
    });
    const stored = JSON.parse(await readFile(file, "utf8"));
    assert.deepEqual(stored, { auths: { [registry.host]: { auth: base64("bob:secret") } } });
    registry.done();
    const out = await home.json(["logout", registry.host]);
    assert.deepEqual(out.document, { registry: registry.host, erasedFrom: [file], remainsIn: null });
    assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { auths: {} });
    assert.deepEqual((await home.json(["logout", registry.host])).document.erasedFrom, []);
  });

  test("in words it warns of plain text, and never shows the password", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry([asks, lets]);
    const { stdout, stderr } = await home.run([...login(registry.host), "--verbose"], "secret");
    assert.match(stdout, /bob is logged in to .*\n.*config\.json\.\n.*plain text/);
    assert.doesNotMatch(stdout + stderr, /secret|Ym9i/);
  });

  test("a wrong password is exit 4, and is not stored", async () => {
    await using home = await openHome();
    const answer = { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] };
    await using registry = await startScriptedRegistry([{ ...asks, answer, times: 2 }]);
    const { code, document } = await home.json(login(registry.host), "wrong");
    assert.deepEqual([code, document.error.code], [4, "UNAUTHORIZED"]);
    await assert.rejects(readFile(`${home.path}/.docker/config.json`));
  });

  test("with a token server, what it gives in place of the password is stored", async () => {
    await using home = await openHome();
    await using server = await startScriptedRegistry([
      {
        request: "GET /token?service=reg&account=bob&client_id=docker&offline_token=true",
        headers: { authorization: `Basic ${base64("bob:secret")}` },
        answer: { token: "t", refresh_token: "idt" },
      },
    ]);
    const answerHeaders = { "www-authenticate": `Bearer realm="${server.url}/token",service="reg"` };
    await using registry = await startScriptedRegistry([
      { request: "GET /v2/", status: 401, answerHeaders },
      { request: "GET /v2/", headers: { authorization: "Bearer t" }, answer: {} },
    ]);
    const { document } = await home.json(login(registry.host), "secret");
    assert.equal(document.stored, "identity-token");
    const stored = JSON.parse(await readFile(`${home.path}/.docker/config.json`, "utf8"));
    assert.deepEqual(stored.auths[registry.host], { auth: base64("bob:"), identitytoken: "idt" });
    server.done();
    registry.done();
  });

  test("with a credential helper", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry([asks, lets]);
    const { bin, file } = await writeHelper(home.path, "own");
    await mkdir(`${home.path}/.docker`);
    await writeFile(`${home.path}/.docker/config.json`, '{"credsStore":"own"}');
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const { document } = await home.json(login(registry.host), "secret", env);
    assert.deepEqual([document.storedIn, document.plainText], ["docker-credential-own", false]);
    const kept = JSON.parse(await readFile(file, "utf8"));
    assert.deepEqual(kept, { [registry.host]: { Username: "bob", Secret: "secret" } });
    const out = await home.json(["logout", registry.host], undefined, env);
    assert.deepEqual(out.document.erasedFrom, ["docker-credential-own"]);
  });

  test("a registry that lets everybody in cannot tell: stored, and said", async () => {
    await using home = await openHome();
    await using registry = await startScriptedRegistry([{ ...open, times: 2 }]);
    const { stdout, stderr } = await home.run(login(registry.host), "secret");
    assert.match(stdout, /bob is stored, untried, for/);
    assert.match(stderr, /lets everybody in/);
  });

  test("Podman's login that remains is told at logout", async () => {
    await using home = await openHome();
    await mkdir(`${home.path}/.config/containers`, { recursive: true });
    const path = `${home.path}/.config/containers/auth.json`;
    await writeFile(path, JSON.stringify({ auths: { "r.test": { auth: base64("u:p") } } }));
    const { document } = await home.json(["logout", "r.test"]);
    assert.deepEqual(document, { registry: "r.test", erasedFrom: [], remainsIn: path });
  });

  test("nobody to ask: exit 2 that names the flag", async () => {
    await using home = await openHome();
    const missing = await home.json(["login", "r.test"]);
    const both = "Answer it with --username NAME --password-stdin";
    assert.deepEqual([missing.code, missing.document.error.remedies], [2, [both]]);
    const password = await home.json(["login", "r.test", "-u", "bob"]);
    assert.deepEqual(
      [password.code, password.document.error.remedies],
      [2, ["Answer it with --password-stdin"]],
    );
    assert.equal((await home.json(["login", "r.test", "--password-stdin"], "x")).code, 2);
    assert.equal((await home.json(["login", "r.test", "-u", "bob", "--password-stdin"], "\n")).code, 2);
  });
});
