/** `setup … --engine buildkit`: a real buildkitd under systemd, which is told by its file and a restart, and builds. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { openPeer, withoutGo } from "../interop/peers.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { must } from "./conduct.ts";
import { importBase, openRegistryWithImage } from "./engine-scene.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, statusOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? withoutGo : ability.reason;

const unit = `[Unit]
After=network.target
[Service]
Type=notify
ExecStart=/usr/local/bin/buildkitd
`;

const buildScript = `d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; printf 'FROM %s\\n' "$1" >"$d/Dockerfile"
/usr/local/bin/buildctl build --progress plain --no-cache --frontend dockerfile.v0 --local context="$d" --local dockerfile="$d" 2>&1`;

describe("setup of a buildkitd", { skip, concurrency: 1, timeout: 600_000 }, () => {
  let host: LabHost;
  let person: Person;
  let authority: TlsAuthority;
  const json = ["--json", "--progress", "none", "--engine", "buildkit"];

  const regctl = (...words: readonly string[]) => person.regctl([...words, "--on", host.name, ...json]);
  /** The file, its folder and what is in it. */
  const tree = () =>
    shell(
      host,
      "cd /etc; find buildkit -exec stat -c '%n %F %a %U' {} + 2>/dev/null; cat buildkit/*.toml 2>/dev/null || true",
    );
  /** A build of an image and nothing else: what it said, when it failed. */
  const problemOf = async (reference: string) => {
    const { code, stdout } = await host.run(["sh", "-c", buildScript, "build", reference]);
    return code === 0 ? null : (stdout.trim().split("\n").at(-1) ?? "");
  };
  const openRegistry = (port: number, name: string, secure: boolean) =>
    openRegistryWithImage({ host, person, authority }, { port, name, secure });

  before(async () => {
    [host, authority] = await Promise.all([startHost("systemd"), createTlsAuthority("lab authority")]);
    person = await openPerson(host);
    await writeFile(`${person.home}/ca.pem`, authority.ca);
    for (const name of ["buildkitd", "buildctl"] as const) {
      await copyFile(await openPeer(name), `${host.root}/usr/local/bin/${name}`);
    }
    await host.run(["sh", "-c", "cat >/etc/systemd/system/buildkit.service"], { input: unit });
    await shell(host, `set -e; systemctl start buildkit; ${importBase}`);
  });
  after(async () => {
    await host?.stop();
    await person?.leave();
    await authority?.[Symbol.asyncDispose]();
  });

  it("does nothing without being allowed to restart it", async () => {
    const before = await tree();
    const error = errorOf(await regctl("setup", "insecure", "reg.test:5000"), 2);
    assert.deepEqual([error.code, error.remedies], ["MISSING_ANSWER", ["Answer it with --allow-restart"]]);
    const planned = hostOf(await regctl("setup", "insecure", "reg.test:5000", "--dry-run"));
    assert.deepEqual([planned.changed, planned.applied], [true, "restart"]);
    assert.match(planned.diff, /^\+\[registry\."reg\.test:5000"\]$/m);
    assert.equal(await tree(), before);
  });

  it("builds over HTTP from an insecure registry, and undo leaves nothing behind", async () => {
    const { address, image } = await openRegistry(5000, "base:1", false);
    const before = await tree();
    assert.match((await problemOf(image)) ?? "", /server gave HTTP response to HTTPS client/);
    const done = hostOf(await regctl("setup", "insecure", address, "--allow-restart"));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true, applied: "restart", warnings: [] });
    assert.equal(await problemOf(image), null);
    assert.equal(hostOf(await regctl("setup", "insecure", address)).nothing, "already");
    assert.deepEqual(statusOf(await regctl("setup", "status", address)).registries, [
      { registry: address, configured: true, effective: true },
    ]);
    const undone = hostOf(await regctl("setup", "undo", address, "--allow-restart"));
    assert.deepEqual([undone.changed, undone.proved], [true, true]);
    assert.equal(await tree(), before);
    assert.match((await problemOf(image)) ?? "", /HTTP response to HTTPS client/);
    assert.equal(hostOf(await regctl("setup", "undo", address)).nothing, "not-there");
  });

  it("builds over TLS that it verifies, with a file of somebody else's that stays as it is", async () => {
    await shell(
      host,
      `mkdir -p /etc/buildkit; printf '# ours\\n[log]\\n  level = "info"' >/etc/buildkit/buildkitd.toml`,
    );
    const { address, image } = await openRegistry(5001, "base:1", true);
    const before = await tree();
    assert.match((await problemOf(image)) ?? "", /signed by unknown authority/);
    const insecure = hostOf(await regctl("setup", "insecure", address, "--allow-restart"));
    assert.equal(insecure.proved, true);
    assert.equal(await problemOf(image), null);
    const ca = ["--ca", `${person.home}/ca.pem`];
    const done = hostOf(await regctl("setup", "trust", address, ...ca, "--allow-restart"));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true, applied: "restart", warnings: [] });
    assert.equal(await problemOf(image), null);
    assert.doesNotMatch(await must(host, "cat", "/etc/buildkit/buildkitd.toml"), /insecure/);
    const shown = statusOf(await regctl("setup", "status", address));
    assert.deepEqual([shown.registries[0]?.effective, shown.trusted[0]?.registry], [false, address]);
    const undone = hostOf(await regctl("setup", "undo", address, "--allow-restart"));
    assert.deepEqual([undone.changed, undone.proved], [true, true]);
    assert.equal(await tree(), before);
    assert.match((await problemOf(image)) ?? "", /signed by unknown authority/);
  });

  it("takes back what does not make it trust the registry, and runs as before", async () => {
    await using other = await createTlsAuthority("swapped in");
    const names = [`IP:${host.gateway}`];
    const swapped = await other.issue({ names });
    // Whoever looks at the certificate first sees the good one, and all after it another.
    const server = createServer(await authority.issue({ names }));
    server.on("connection", () => server.setSecureContext(swapped));
    server.listen(0, host.gateway);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const before = await tree();
      const trust = [
        "setup",
        "trust",
        `${host.gateway}:${port}`,
        "--ca",
        `${person.home}/ca.pem`,
        "--allow-restart",
      ];
      const error = errorOf(await regctl(...trust), 7);
      assert.equal(error.code, "NOT_PROVED");
      assert.match(error.message, /unknown authority/);
      assert.equal(await tree(), before);
      assert.equal((await host.run(["systemctl", "is-active", "buildkit"])).stdout, "active\n");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("asks a mirror before Docker Hub", async () => {
    const { address } = await openRegistry(5002, "library/base:1", false);
    const before = await tree();
    const done = hostOf(await regctl("setup", "mirror", `http://${address}`, "--allow-restart"));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true });
    assert.equal(await problemOf("docker.io/library/base:1"), null);
    assert.deepEqual(
      statusOf(await regctl("setup", "status")).mirrors.map(({ url, effective }) => [url, effective]),
      [
        [`https://${address}/`, true],
        [`http://${address}/`, true],
      ],
    );
    const undone = hostOf(await regctl("setup", "undo", address, "--allow-restart"));
    assert.deepEqual([undone.changed, undone.proved], [true, true]);
    assert.equal(await tree(), before);
  });
});
