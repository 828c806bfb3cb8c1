/**
 * `publish` and `pull` with Debian's docker-registry that wants a login and speaks TLS by an authority that nobody knows:
 * directly with `--ca`, and by an engine that was told of the authority.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { hash } from "bcryptjs";
import { digestAt } from "../support/registry-content.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { must } from "./conduct.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, type LabKind, runContainer, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const user = "bob";
/** Of every length modulo three: an engine reads a login in base64, and would miss its end without padding. */
const passwords = ["secret", "secret1", "secret12"] as const;

const kinds: readonly LabKind[] = ["systemd", "sid", "sid-store"];

for (const kind of kinds) {
  describe(`a closed registry on ${kind}`, { skip, concurrency: 1, timeout: 300_000 }, () => {
    let host: LabHost;
    let authority: TlsAuthority;
    let registry: LabRegistry;
    let cli: TestCli;
    let image: string;

    before(async () => {
      [host, authority] = await Promise.all([startHost(kind), createTlsAuthority("Lab Authority")]);
      const tls = await authority.issue({ names: [`IP:${host.address}`] });
      const users = passwords.map(async (password, index) => `${user}${index}:${await hash(password, 4)}`);
      registry = await startRegistry(host, { tls, htpasswd: `${(await Promise.all(users)).join("\n")}\n` });
      cli = await openCli({ DOCKER_HOST: `unix://${host.root}/run/docker.sock` });
      await runContainer(host, "maker");
      image = (await must(host, "docker", "image", "inspect", "-f", "{{.Id}}", "lab/sleeper:1")).trim();
    });
    after(async () => {
      await host?.stop();
      await authority?.[Symbol.asyncDispose]();
      await cli?.[Symbol.asyncDispose]();
    });

    const login = async (index: number, password: string = passwords[index] ?? "") => {
      const auth = Buffer.from(`${user}${index}:${password}`).toString("base64");
      const path = join(cli.home, ".docker/config.json");
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, JSON.stringify({ auths: { [registry.address]: { auth } } }), { mode: 0o600 });
    };
    const at = (name: string) => `${registry.address}/${name}`;
    const item = async (...words: readonly string[]) => {
      const [first] = itemsOf(await cli.document(...words));
      assert.ok(first !== undefined);
      return first;
    };
    const forget = (name: string) => must(host, "docker", "rmi", at(name));
    const runs = async (name: string) => {
      const run = ["docker", "run", "--rm", "--network", "none", at(name), "/bin/busybox", "echo", "alive"];
      assert.equal((await must(host, ...run)).trim(), "alive");
    };

    it("directly, with the authority and the login, there and back", async () => {
      const ca = ["--ca", authority.caPath];
      const publish = ["publish", "lab/sleeper:1", at("app:1")];
      assert.deepEqual(await cli.failure(...publish), [6, "REGISTRY_CERTIFICATE"]);
      assert.deepEqual(await cli.failure(...publish, ...ca), [4, "UNAUTHORIZED"]);
      await login(0, "wrong");
      assert.deepEqual(await cli.failure(...publish, ...ca), [4, "UNAUTHORIZED"]);
      assert.deepEqual(await cli.failure("pull", at("app:1"), ...ca), [4, "UNAUTHORIZED"]);
      await login(0);
      assert.deepEqual(await cli.failure("pull", at("app:1"), ...ca), [5, "NOT_FOUND"]);
      const sent = await item(...publish, ...ca);
      assert.partialDeepStrictEqual(sent, { via: "direct", imageId: image, changed: true });
      await forget("app:1");
      assert.deepEqual(await cli.failure("pull", at("app:1")), [6, "REGISTRY_CERTIFICATE"]);
      const back = await item("pull", at("app:1"), ...ca);
      assert.partialDeepStrictEqual(back, { via: "direct", imageId: image, digest: sent.digest });
      await runs("app:1");
    });

    it("by the engine, once it has been told of the authority, whatever the login's length", async () => {
      const ca = ["--ca", authority.caPath];
      const pushed = ["publish", "lab/sleeper:1", at("by-engine:0"), ...ca, "--via", "engine"];
      assert.deepEqual(await cli.failure(...pushed), [1, "ENGINE_ERROR"]);
      const folder = `/etc/docker/certs.d/${registry.address}`;
      await host.run(["sh", "-c", `mkdir -p '${folder}' && cat >'${folder}/ca.crt'`], {
        input: authority.ca,
      });
      for (const [index] of passwords.entries()) {
        await login(index);
        const name = `by-engine:${index}`;
        const sent = await item("publish", "lab/sleeper:1", at(name), ...ca, "--via", "engine");
        assert.partialDeepStrictEqual(sent, { via: "engine", imageId: image });
        await forget(name);
        const back = await item("pull", at(name), ...ca);
        assert.partialDeepStrictEqual(back, { via: "engine", imageId: image, digest: sent.digest });
        await runs(name);
      }
      await login(1, "wrong");
      const refused = ["publish", "lab/sleeper:1", at("never:1"), ...ca];
      assert.deepEqual(await cli.failure(...refused, "--via", "engine"), [4, "UNAUTHORIZED"]);
      assert.deepEqual(await cli.failure("pull", at("by-engine:1"), ...ca, "--via", "engine"), [
        4,
        "UNAUTHORIZED",
      ]);
      await shell(host, `rm -r /etc/docker/certs.d`);
    });

    it("no failure left a tag behind", async () => {
      const trust: NonNullable<Parameters<typeof digestAt>[3]>["trust"] = async (_host, verify) => ({
        ...{ verify, system: null, authorities: [authority.ca], identities: [] },
      });
      const options = { insecure: false, trust, login: async () => loginOf(2) };
      assert.equal(await digestAt(registry.address, "never", "1", options), null);
      assert.notEqual(await digestAt(registry.address, "app", "1", options), null);
    });
  });
}

function loginOf(index: number) {
  const credential = {
    kind: "password",
    username: `${user}${index}`,
    password: passwords[index] ?? "",
  } as const;
  return { credential, from: "the test" };
}
