/**
 * `publish` with real engines and Debian's docker-registry, which the engine trusts by one of its names only; what
 * arrived is pulled by the same engine after it has forgotten everything, and run.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeLayout } from "../acceptance/make-layout.ts";
import { startCli } from "../support/run-cli.ts";
import { itemsOf, openCli, type TestCli } from "../support/test-cli.ts";
import { createTlsAuthority } from "../support/tls-authority.ts";
import { runCommand } from "./command.ts";
import { type LabHost, type LabKind, runContainer, startHost, startRegistry } from "./lab.ts";
import type { LabRegistry } from "./registry.ts";

/** Of the password "secret"; crypt(3) with a blowfish salt of cost 5. */
const htpasswd = "bob:$2b$05$xjU0OF5PoEr12OFcvqspnOk/YsW8QEY2lMn0MREYMPMCImbvRPke6\n";
const checkout = resolve(import.meta.dirname, "../..");

/** Engine 20.10, and 28 with each of its two stores. */
const kinds: readonly LabKind[] = ["systemd", "sid", "sid-store"];

let lab: LabHost;
let registry: LabRegistry;
let cli: TestCli;
let port = 5400;

async function open(options: Parameters<typeof startRegistry>[1] = {}): Promise<LabRegistry> {
  port += 1;
  return await startRegistry(lab, { ...options, port });
}

/** The same registry, as the engine trusts it: by the loopback of its own host. */
const trusted = (of = registry): string => `127.0.0.1:${of.address.split(":")[1]}`;

async function docker(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.run(["docker", ...args]);
  assert.equal(code, 0, `docker ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

const idOf = (name: string) => docker("image", "inspect", "-f", "{{.Id}}", name);

async function shell(script: string): Promise<string> {
  const { code, stdout, stderr } = await lab.run(["sh", "-ec", script]);
  assert.equal(code, 0, `${script}: ${stderr}`);
  return stdout.trim();
}

/** A layer on top of an image, made by a shell in a container, with whatever it finds in /bin/busybox. */
async function commit(from: string, script: string, name: string): Promise<void> {
  const busybox = ["/bin/busybox", "sh", "-c", `alias=; ${script}`];
  await docker("run", "--network", "none", "--name", "builder", from, ...busybox);
  await docker("commit", "-c", 'CMD ["/bin/busybox","true"]', "builder", name);
  await docker("rm", "builder");
}

async function publish(image: string, name: string, ...flags: readonly string[]) {
  const words = ["publish", image, `${registry.address}/${name}`, "--insecure", ...flags];
  const [item] = itemsOf(await cli.document(...words));
  assert.ok(item !== undefined);
  return item;
}

/** The engine forgets the image, has it from the registry, and gives its id and what it says. */
async function pullAnew(
  image: string,
  name: string,
  ...command: readonly string[]
): Promise<readonly string[]> {
  const full = `${trusted()}/${name}`;
  const names = (await docker("images", "-q", "--no-trunc", image)) === "" ? [] : [image];
  await docker("rmi", "-f", `${registry.address}/${name}`, ...names);
  await docker("pull", "-q", full);
  const said = await docker("run", "--rm", "--network", "none", full, "/bin/busybox", ...command);
  await docker("tag", full, image);
  return [await idOf(full), said];
}

for (const kind of kinds) {
  // It keeps images as they travel, calls one by its manifest, and packs in its own way alone.
  const store = kind === "sid-store";

  describe(`publish on ${kind}`, () => {
    before(async () => {
      lab = await startHost(kind);
      [registry, cli] = await Promise.all([
        open(),
        openCli({ DOCKER_HOST: `unix://${lab.root}/run/docker.sock` }),
      ]);
      await runContainer(lab, "maker");
    });
    after(async () => {
      await lab?.stop();
      await cli?.[Symbol.asyncDispose]();
    });

    it("one layer, into a registry that the engine does not trust: it comes back, and runs", async () => {
      const id = await idOf("lab/sleeper:1");
      const item = await publish("lab/sleeper:1", "team/sleeper:1");
      assert.deepEqual([item.via, item.imageId], ["direct", id]);
      assert.equal(await idOf(`${registry.address}/team/sleeper:1`), id);
      await docker("tag", "lab/sleeper:1", "kept:1");
      await docker("pull", "-q", `${trusted()}/team/sleeper:1`);
      assert.equal(await idOf(`${trusted()}/team/sleeper:1`), id);
    });

    it("layers with hard links, odd names, holes and nothing in them", async () => {
      const odd = `/bin/busybox mkdir -p "/odd/ü ä"; /bin/busybox echo one >"/odd/ü ä/a b"; /bin/busybox ln "/odd/ü ä/a b" /odd/hard; /bin/busybox ln -s hard /odd/soft; /bin/busybox dd if=/dev/zero of=/odd/sparse bs=1 count=1 seek=5000000`;
      await commit("lab/sleeper:1", odd, "odd:1");
      await commit("odd:1", ":", "odd:2");
      await commit(
        "odd:2",
        `/bin/busybox rm /odd/sparse; : >"/odd/$(/bin/busybox printf 'x%.0s' $(/bin/busybox seq 120))"`,
        "odd:3",
      );
      const id = await idOf("odd:3");
      await publish("odd:3", "odd:3");
      const [back, said] = await pullAnew("odd:3", "odd:3", "cat", "/odd/ü ä/a b", "/odd/hard", "/odd/soft");
      assert.deepEqual([back, said], [id, "one\none\none"]);
    });

    it("sixty layers, and of one more on top that one alone", async () => {
      const lines = Array.from({ length: 58 }, (_, index) => `ADD f${index % 50} /f${index}`);
      const make = (name: string, more: readonly string[]) =>
        shell(`mkdir -p /root/many; cd /root/many; for i in $(seq 0 49); do echo $i >f$i; done
printf '%s\\n' 'FROM lab/sleeper:1' ${[...lines, ...more].map((line) => `'${line}'`).join(" ")} >Dockerfile
DOCKER_BUILDKIT=0 docker build -q -t ${name} . >/dev/null`);
      await make("many:1", []);
      const id = await idOf("many:1");
      await publish("many:1", "many:1", "--via", "direct");
      await make("many:2", ["ADD f7 /top"]);
      const second = await publish("many:2", "many:2", "--via", "direct");
      // The store's own digests are known to nobody but the engine: what is there is asked for, blob by blob.
      if (!store) assert.partialDeepStrictEqual(second, { layers: { sent: 1 } });
      assert.ok(Number(second.bytesSent) < 20_000, JSON.stringify(second));
      const [back, said] = await pullAnew("many:1", "many:1", "cat", "/f57");
      assert.deepEqual([back, said], [id, "7"]);
    });

    it("again nothing travels, with a cache and without", async () => {
      for (const drop of [false, true]) {
        if (drop) await runCommand(["rm", "-rf", `${cli.home}/.cache/regctl`]);
        const item = await publish("odd:3", "odd:3");
        assert.deepEqual([item.bytesSent, item.changed], [0, false]);
      }
    });

    it("many names at once", async () => {
      const names = ["a:1", "a:2", "b/c:latest"].map((name) => `${registry.address}/${name}`);
      const items = itemsOf(await cli.document("publish", "odd:1", ...names, "--insecure", "--no-tag"));
      assert.deepEqual(
        items.map(({ reference }) => reference),
        names,
      );
      for (const name of ["a:2", "b/c:latest"]) await docker("pull", "-q", `${trusted()}/${name}`);
    });

    it("by the engine, where it trusts the registry; its refusal is explained where it does not", async () => {
      const words = ["publish", "lab/sleeper:1", `${registry.address}/no:1`, "--insecure", "--via", "engine"];
      const { code, stdout } = await cli.run([...words, "--json"]);
      assert.equal(code, 1);
      assert.match(stdout, /regctl setup insecure/);
      const inside = await lab.regctl(
        ["publish", "odd:3", `${trusted()}/pushed:1`, "--via", "engine", "--json"],
        {
          env: { HOME: "/root" },
        },
      );
      assert.equal(inside.code, 0, inside.stderr);
      assert.partialDeepStrictEqual(JSON.parse(inside.stdout), { via: "engine", items: [{ changed: true }] });
      const direct = await publish("odd:3", "pushed:2", "--via", "direct");
      assert.equal(direct.bytesSent, 0);
    });

    it("an image without layers, which engines that unpack do not hand out", async () => {
      await shell(`mkdir -p /root/bare; cd /root/bare; printf 'FROM scratch\\nLABEL of=nothing\\n' >Dockerfile
DOCKER_BUILDKIT=0 docker build -q -t bare:1 . >/dev/null`);
      const id = await idOf("bare:1");
      const words = ["publish", "bare:1", `${trusted()}/bare:1`, "--json"];
      const { code, stdout, stderr } = await lab.regctl(words, { env: { HOME: "/root" } });
      assert.equal(code, 0, `${stdout}${stderr}`);
      assert.partialDeepStrictEqual(JSON.parse(stdout), { via: "engine", items: [{ changed: true }] });
      await docker("rmi", "-f", "bare:1", `${trusted()}/bare:1`);
      await docker("pull", "-q", `${trusted()}/bare:1`);
      assert.equal(await idOf(`${trusted()}/bare:1`), id);
    });

    it("zstd is warned of, and 20.10 cannot read it", {
      skip: store ? "containerd's store keeps its layers as they are" : false,
    }, async () => {
      const words = ["publish", "odd:3", `${registry.address}/zstd:1`, "--insecure", "--compression", "zstd"];
      const { code, stderr } = await cli.run(words);
      assert.equal(code, 0);
      assert.match(stderr, /before 23/);
      await docker("rmi", "-f", `${registry.address}/zstd:1`);
      if (kind === "systemd") {
        await docker("save", "-o", "/root/odd.tar", "odd:3");
        // Those that others are made of go after them, and two of one second are listed in any order.
        await shell(
          'for _ in 1 2 3 4 5 6; do docker rmi -f $(docker images -q odd) >/dev/null 2>&1 || :; done; [ -z "$(docker images -q odd)" ]',
        );
        assert.notEqual((await lab.run(["docker", "pull", `${trusted()}/zstd:1`])).code, 0);
        await docker("load", "-i", "/root/odd.tar");
      } else await docker("pull", "-q", `${trusted()}/zstd:1`);
    });

    it("with a login, and with a certificate that the engine does not know", async () => {
      await using authority = await createTlsAuthority("Lab Authority");
      const tls = await authority.issue({ names: [`IP:${lab.address}`] });
      const closed = await open({ htpasswd, tls });
      const reference = `${closed.address}/app:1`;
      const words = ["publish", "lab/sleeper:1", reference, "--ca", authority.caPath];
      assert.deepEqual(await cli.failure(...words), [4, "UNAUTHORIZED"]);
      assert.deepEqual(await cli.failure("publish", "lab/sleeper:1", reference), [6, "REGISTRY_CERTIFICATE"]);
      const auth = Buffer.from("bob:secret").toString("base64");
      const config = JSON.stringify({ auths: { [closed.address]: { auth } } });
      await runCommand(["sh", "-c", `mkdir -p ${cli.home}/.docker && cat >${cli.home}/.docker/config.json`], {
        input: config,
      });
      const [item] = itemsOf(await cli.document(...words));
      assert.equal(item?.via, "direct");
      await closed.stop();
    });

    it("killed in the middle, and the registry or the engine stopped: the next run brings it", async () => {
      await shell(
        "head -c 60000000 /dev/urandom >/root/large; tar -C /root -c large | docker import - large:1",
      );
      const words = [
        "publish",
        "large:1",
        `${registry.address}/large:1`,
        "--insecure",
        "--via",
        "direct",
        "--no-tag",
      ];
      const env = { HOME: cli.home, DOCKER_HOST: `unix://${lab.root}/run/docker.sock` };
      const stops: Readonly<Record<string, () => Promise<unknown>>> = {
        engine: () => shell("systemctl kill -s KILL docker; systemctl restart docker"),
        registry: () => registry.restart(),
        regctl: async () => {},
      };
      for (const [what, stop] of Object.entries(stops)) {
        const child = startCli([...words, "-v", "--progress", "plain"], { env });
        const closing = once(child, "close");
        child.stdout.resume();
        let told = "";
        child.stderr.on("data", (chunk: Buffer) => {
          told += chunk.toString();
        });
        while (!told.includes("blobs/uploads") && child.exitCode === null) await sleep(5);
        if (what === "regctl") child.kill("SIGKILL");
        await stop();
        await closing;
      }
      const item = await publish("large:1", "large:1", "--no-tag");
      assert.notEqual(item.digest, null);
      await docker("rmi", "-f", "large:1");
      await docker("pull", "-q", `${trusted()}/large:1`);
    });
  });
}

describe("acceptance of publish", () => {
  it("every check of test/acceptance/publish.sh holds", async () => {
    lab = await startHost("systemd");
    cli = await openCli();
    try {
      await runContainer(lab, "maker");
      const [unknown, known] = [await open(), await open()];
      await shell(`mkdir -p /etc/docker; echo '{"insecure-registries":["${known.address}"]}' >/etc/docker/daemon.json
systemctl reload docker; sleep 1`);
      await makeLayout(`${cli.home}/layout`);
      const enter = `${cli.home}/docker`;
      await runCommand(["sh", "-c", `cat >${enter} && chmod +x ${enter}`], {
        input: `#!/bin/sh\nexec env -u DOCKER_HOST nsenter -t ${lab.initPid} -a -r -- docker "$@"\n`,
      });
      const variables = {
        HOME: cli.home,
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        LANG: "C.UTF-8",
        DOCKER_HOST: `unix://${lab.root}/run/docker.sock`,
        REGCTL: `${process.execPath} ${checkout}/bin/run.js`,
        REGISTRY: unknown.address,
        TRUSTED: known.address,
        LAYOUT: `${cli.home}/layout`,
        DOCKER: enter,
        IMAGE: "lab/sleeper:1",
      };
      const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      const script = `${checkout}/test/acceptance/publish.sh`;
      const done = await runCommand(["env", "-i", ...assignments, "sh", script], { timeoutMs: 240_000 });
      assert.equal(done.code, 0, `${done.stdout}\n${done.stderr}`);
      assert.match(done.stdout, /^\d{2,} checks, 0 failed$/m);
    } finally {
      await lab.stop();
      await cli[Symbol.asyncDispose]();
    }
  });
});
