/** crane, oras, regclient, skopeo and helm against `regctl serve`, over plain HTTP, with a login, and over TLS. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { hash } from "bcryptjs";
import { computeDigest } from "../../src/registry/digest.ts";
import {
  type ImageFormat,
  type MadeTree,
  makeImage,
  makeIndex,
  makeReferrer,
} from "../support/image-maker.ts";
import { assertTree, digestAt, pushTree } from "../support/registry-content.ts";
import { readHeld } from "../support/registry-walk.ts";
import { login } from "../support/registry-world.ts";
import { repository } from "../support/run-cli.ts";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { clients, digestBy, runPeer } from "./clients.ts";
import { withoutGo } from "./peers.ts";

const user = { name: "bob", password: "secret" } as const;

const treeOf = (format: ImageFormat, seed: string): MadeTree =>
  makeIndex(
    ["linux/amd64", "linux/arm64"].map((platform) =>
      makeImage({ format, platform, seed: `${seed} ${platform}`, layers: [3000, 200_000] }),
    ),
    { format },
  );

describe("other people's clients and regctl serve", { skip: withoutGo }, () => {
  let home: TempHome;
  let open: ServerProcess;
  let closed: ServerProcess;
  let secret: ServerProcess;
  /** Where crane and regclient look for logins. */
  let env: Readonly<Record<string, string>>;

  const serve = (name: string, ...args: readonly string[]): Promise<ServerProcess> =>
    startServerProcess({
      argv: async (port) => [
        ...[process.execPath, join(repository, "bin/run.js"), "serve", "--log", "off"],
        ...["--listen", `127.0.0.1:${port}`, "--storage", join(home.path, name), ...args],
      ],
      env: { HOME: home.path },
      path: "/v2/",
      tls: args.includes("--tls"),
    });

  before(async () => {
    home = await createTempHome();
    const users = join(home.path, "users");
    await writeFile(users, `${user.name}:${await hash(user.password, 4)}\n`);
    open = await serve("open");
    closed = await serve("closed", "--htpasswd", users, "--anonymous", "pull");
    secret = await serve("secret", "--tls", "self-signed");
    const auth = Buffer.from(`${user.name}:${user.password}`).toString("base64");
    await mkdir(join(home.path, ".docker"));
    await writeFile(
      join(home.path, ".docker/config.json"),
      JSON.stringify({ auths: { [closed.host]: { auth } } }),
    );
    env = { HOME: home.path, SSL_CERT_FILE: join(home.path, ".local/share/regctl/tls/ca.pem") };
  });
  after(async () => {
    for (const part of [open, closed, secret, home]) await part?.[Symbol.asyncDispose]();
  });

  for (const client of clients) {
    for (const format of ["oci", "docker"] as const) {
      it(`${client.name} copies ${format}, digest for digest, and sees what is there`, async () => {
        const tree = treeOf(format, client.name);
        const name = `${client.name}/${format}`;
        await pushTree(open.host, name, ["1"], tree);
        await runPeer(client.name, client.copy(`${open.host}/${name}:1`, `${open.host}/copied/${name}:1`));
        await assertTree(open.host, `copied/${name}`, "1", tree);
        assert.equal(await digestBy(client, `${open.host}/copied/${name}:1`), tree.manifest.digest);
      });
    }

    it(`${client.name} takes an image as a layout, and pushes it`, async () => {
      const tree = treeOf("oci", `layout ${client.name}`);
      const name = `layout/${client.name}`;
      const folder = join(home.path, `layout-${client.name}`);
      await pushTree(open.host, name, ["1"], tree);
      await runPeer(client.name, client.toLayout(`${open.host}/${name}:1`, folder, "1"));
      await runPeer(client.name, client.fromLayout(folder, "1", `${open.host}/${name}:back`));
      await assertTree(open.host, name, "back", tree);
    });
  }

  it("crane lists, tags, changes, validates and deletes; with a login, and over TLS", async () => {
    const tree = treeOf("oci", "crane");
    await pushTree(open.host, "crane/app", ["1"], tree);
    const crane = (...args: readonly string[]) => runPeer("crane", args, { env });
    await crane("tag", `${open.host}/crane/app:1`, "2");
    assert.equal(await crane("ls", `${open.host}/crane/app`), "1\n2\n");
    assert.ok((await crane("catalog", open.host)).split("\n").includes("crane/app"));
    await crane("validate", "--platform", "linux/arm64", "--remote", `${open.host}/crane/app:1`);
    const changed = await crane(
      "mutate",
      "--label",
      "a=b",
      `${open.host}/crane/app:2`,
      "-t",
      `${open.host}/crane/app:3`,
    );
    assert.equal((await readHeld(open.host, "crane/app", "3")).digest, changed.trim().split("@")[1]);
    await crane("delete", `${open.host}/crane/app@${tree.manifest.digest}`);
    assert.equal(await digestAt(open.host, "crane/app", "1"), null);

    await pushTree(open.host, "crane/kept", ["1"], tree);
    await assert.rejects(
      runPeer("crane", ["copy", `${open.host}/crane/kept:1`, `${closed.host}/crane:1`]),
      /UNAUTHORIZED|DENIED/,
    );
    await crane("copy", `${open.host}/crane/kept:1`, `${closed.host}/crane:1`);
    await assertTree(closed.host, "crane", "1", tree);
    await crane("copy", `${open.host}/crane/kept:1`, `${secret.host}/crane:1`);
    assert.equal((await crane("digest", `${secret.host}/crane:1`)).trim(), tree.manifest.digest);
    await assert.rejects(runPeer("oras", ["resolve", `${secret.host}/crane:1`]), /certificate/);
  });

  it("oras pushes artifacts, attaches referrers and discovers them, and takes files back", async () => {
    const oras = (...args: readonly string[]) => runPeer("oras", args, { cwd: home.path, env });
    await writeFile(join(home.path, "note.txt"), "a note\n");
    await writeFile(join(home.path, "sbom.json"), "{}\n");
    const name = `${open.host}/oras/app:1`;
    await oras("push", "--plain-http", "--no-tty", "--artifact-type", "application/x.note", name, "note.txt");
    await oras(
      "attach",
      "--plain-http",
      "--no-tty",
      "--artifact-type",
      "application/x.sbom",
      name,
      "sbom.json",
    );
    const found = JSON.parse(await oras("discover", "--plain-http", "--format", "json", name));
    const referrers = found.referrers ?? found.manifests;
    assert.deepEqual(
      referrers.map(({ artifactType }: { artifactType: string }) => artifactType),
      ["application/x.sbom"],
    );
    await readHeld(open.host, "oras/app", "1");
    await oras(
      "cp",
      "-r",
      "--from-plain-http",
      "--to-plain-http",
      "--no-tty",
      name,
      `${open.host}/oras/copy:1`,
    );
    const copied = JSON.parse(
      await oras("discover", "--plain-http", "--format", "json", `${open.host}/oras/copy:1`),
    );
    assert.equal((copied.referrers ?? copied.manifests).length, 1);
    await oras("pull", "--plain-http", "--no-tty", "-o", "taken", `${open.host}/oras/copy:1`);
    assert.equal(await readFile(join(home.path, "taken/note.txt"), "utf8"), "a note\n");
    assert.equal(await oras("repo", "tags", "--plain-http", `${open.host}/oras/copy`), "1\n");
    const credentials = ["-u", user.name, "-p", user.password];
    await oras("push", "--plain-http", "--no-tty", ...credentials, `${closed.host}/oras:1`, "note.txt");
    await readHeld(closed.host, "oras", "1", { login: async () => login(user.name, user.password) });
  });

  it("regclient copies with referrers, lists, and deletes a tag alone", async () => {
    const tree = treeOf("oci", "regclient");
    const referrer = makeReferrer(tree.manifest);
    await pushTree(open.host, "rc/app", ["1", "2"], tree);
    await pushTree(open.host, "rc/app", [], referrer);
    const plain = ["--host", `reg=${open.host},tls=disabled`];
    const rc = (...args: readonly string[]) =>
      runPeer("regclient", [...args.slice(0, 2), ...plain, ...args.slice(2)]);
    await rc("image", "copy", "--referrers", `${open.host}/rc/app:1`, `${open.host}/rc/copy:1`);
    await assertTree(open.host, "rc/copy", "1", tree);
    await assertTree(open.host, "rc/copy", referrer.manifest.digest, referrer);
    const listed = await rc("artifact", "list", `${open.host}/rc/copy:1`);
    assert.match(listed, new RegExp(referrer.manifest.digest));
    assert.equal(await rc("tag", "ls", `${open.host}/rc/app`), "1\n2\n");
    await rc("tag", "delete", `${open.host}/rc/app:2`);
    assert.equal(await rc("tag", "ls", `${open.host}/rc/app`), "1\n");
    assert.match(await rc("repo", "ls", open.host), /^rc\/app$/m);
  });

  it("helm pushes a chart and pulls it back; with a login, and over TLS", async () => {
    const helm = (...args: readonly string[]) => runPeer("helm", args, { cwd: home.path, env });
    await helm("create", "chart");
    await helm("package", "chart");
    const bytes = await readFile(join(home.path, "chart-0.1.0.tgz"));
    for (const [host, flags, key] of [
      [open.host, ["--plain-http"], "open"],
      [closed.host, ["--plain-http", "--username", user.name, "--password", user.password], "closed"],
      [secret.host, ["--ca-file", env.SSL_CERT_FILE ?? ""], "secret"],
    ] as const) {
      await helm("push", ...flags, "chart-0.1.0.tgz", `oci://${host}/charts`);
      const pull = ["pull", ...flags, `oci://${host}/charts/chart`, "--version", "0.1.0"];
      await mkdir(join(home.path, key, "pulled"), { recursive: true });
      await helm(...pull, "--destination", join(home.path, key, "pulled"));
      assert.ok(bytes.equals(await readFile(join(home.path, key, "pulled", "chart-0.1.0.tgz"))));
    }
    const held = await readHeld(open.host, "charts/chart", "0.1.0");
    assert.ok(held.blobs.has(computeDigest(bytes)));
  });

  it("what they left behind is sound", async () => {
    const program = join(repository, "bin/run.js");
    for (const name of ["open", "closed", "secret"]) {
      const args = [program, "serve", "verify", "--storage", join(home.path, name), "--json"];
      const { stdout } = await promisify(execFile)(process.execPath, args, { env: { HOME: home.path } });
      assert.equal(JSON.parse(stdout).ok, true, stdout);
    }
  });
});
