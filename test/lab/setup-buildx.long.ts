/**
 * `setup … --engine buildx`: Debian's docker-buildx makes a builder again. The builder's image, which comes from Docker
 * Hub where that can be reached, is made here of a real buildkitd and Debian's runc.
 */
import assert from "node:assert/strict";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { openPeer, withoutGo } from "../interop/peers.ts";
import { createTlsAuthority, type TlsAuthority } from "../support/tls-authority.ts";
import { importBase, openRegistryWithImage } from "./engine-scene.ts";
import { shell } from "./engine-state.ts";
import { type LabHost, startHost } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, statusOf } from "./regctl-over-ssh.ts";

const ability = await openLab();
const skip = ability.can ? withoutGo : ability.reason;

const makeImage = `set -e; cd /root/buildkit; mkdir -p etc tmp proc sys dev run var/lib/buildkit lib64
runc=$(command -v runc); cp "$runc" usr/bin/runc
for file in $(ldd "$runc" | grep -o '/[^ ]*'); do mkdir -p ".\${file%/*}"; cp -L "$file" ".$file"; done
tar -c . | docker import --change 'ENTRYPOINT ["/usr/bin/buildkitd"]' --change 'ENV PATH=/usr/bin' - lab/buildkit:1`;

const made = `docker buildx create --name ours --node ours-one --driver docker-container --use --bootstrap \\
  --driver-opt image=lab/buildkit:1,network=host --driver-opt '"env.GREETING=one, two"' --platform linux/amd64,linux/386 \\
  --buildkitd-flags '--debug --allow-insecure-entitlement network.host'`;

const buildScript = `printf 'FROM %s\\n' "$1" | docker buildx build --builder ours --progress plain --no-cache - 2>&1`;

describe("setup of a builder of buildx", { skip, concurrency: 1, timeout: 600_000 }, () => {
  let host: LabHost;
  let person: Person;
  let authority: TlsAuthority;
  const json = ["--json", "--progress", "none", "--engine", "buildx"];
  const regctl = (...words: readonly string[]) => person.regctl([...words, "--on", host.name, ...json]);
  const restart = "--allow-restart";
  /** How the builder is made, without its files; and whether builds go there. */
  const builder = async () => {
    const text = await shell(host, "cat ~/.docker/buildx/instances/ours");
    const { Files: _, Flags, ...node } = JSON.parse(text).Nodes[0];
    return { node, flags: [...new Set(Flags)], current: await shell(host, "cat ~/.docker/buildx/current") };
  };
  /** What it was given, files and all. */
  const given = () =>
    shell(
      host,
      `d=$(mktemp -d); docker cp -q buildx_buildkit_ours-one:/etc/buildkit "$d" 2>/dev/null; cat "$d"/buildkit/*.toml 2>/dev/null; ls -R "$d"/buildkit/certs 2>/dev/null | grep -v "$d"; rm -r "$d"; :`,
    );
  const kept = () => shell(host, "find ~/.local/state/regctl/host/buildx 2>/dev/null | sort");
  const problemOf = async (image: string) => {
    const { code, stdout } = await host.run(["sh", "-c", buildScript, "build", image]);
    return code === 0 ? null : (stdout.trim().split("\n").at(-1) ?? "");
  };
  const openRegistry = (port: number, name: string, secure: boolean) =>
    openRegistryWithImage({ host, person, authority }, { port, name, secure });

  before(async () => {
    [host, authority] = await Promise.all([startHost("sid-store"), createTlsAuthority("lab authority")]);
    person = await openPerson(host);
    await writeFile(`${person.home}/ca.pem`, authority.ca);
    await mkdir(`${host.root}/root/buildkit/usr/bin`, { recursive: true });
    for (const name of ["buildkitd", "buildctl"] as const) {
      await copyFile(await openPeer(name), `${host.root}/root/buildkit/usr/bin/${name}`);
    }
    await shell(host, makeImage);
    await shell(host, `${importBase}; ${made}`);
  });
  after(async () => {
    await host?.stop();
    await person?.leave();
    await authority?.[Symbol.asyncDispose]();
  });

  it("does nothing without being allowed to make it again", async () => {
    const before = [await builder(), await given(), await kept()];
    const error = errorOf(await regctl("setup", "insecure", "reg.test:5000"), 2);
    assert.deepEqual([error.code, error.remedies], ["MISSING_ANSWER", ["Answer it with --allow-restart"]]);
    const planned = hostOf(await regctl("setup", "insecure", "reg.test:5000", "--dry-run"));
    assert.deepEqual([planned.changed, planned.applied], [true, "restart"]);
    assert.match(planned.diff, /^\+\[registry\."reg\.test:5000"\]$/m);
    assert.deepEqual([await builder(), await given(), await kept()], before);
  });

  it("builds over HTTP from an insecure registry with the builder as it was, and back", async () => {
    const { address, image } = await openRegistry(5000, "base:1", false);
    const before = [await builder(), await given(), await kept()];
    const volume = await shell(
      host,
      "docker volume inspect -f '{{.CreatedAt}}' buildx_buildkit_ours-one_state",
    );
    assert.match((await problemOf(image)) ?? "", /server gave HTTP response to HTTPS client/);
    const done = hostOf(await regctl("setup", "insecure", address, restart));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true, applied: "restart", warnings: [] });
    assert.deepEqual(await builder(), before[0]);
    assert.equal(await problemOf(image), null);
    assert.equal(hostOf(await regctl("setup", "insecure", address)).nothing, "already");
    const told = { registry: address, configured: true, effective: true };
    assert.deepEqual(statusOf(await regctl("setup", "status")).registries, [told]);
    assert.partialDeepStrictEqual(hostOf(await regctl("setup", "undo", address, restart)), {
      changed: true,
      proved: true,
    });
    assert.deepEqual([await builder(), (await given()).trim(), await kept()], [before[0], "", before[2]]);
    assert.match((await problemOf(image)) ?? "", /HTTP response to HTTPS client/);
    assert.equal(
      await shell(host, "docker volume inspect -f '{{.CreatedAt}}' buildx_buildkit_ours-one_state"),
      volume,
      "its cache stayed",
    );
  });

  it("trusts a certificate and asks a mirror, with what somebody else had it say", async () => {
    await shell(
      host,
      `docker buildx rm ours; printf '[log]\\n format = "json"\\n[registry."other.test"]\\n http = true\\n' >/root/theirs.toml
${made} --config /root/theirs.toml`,
    );
    const { address, image } = await openRegistry(5001, "base:1", true);
    const before = await given();
    assert.match((await problemOf(image)) ?? "", /unknown authority/);
    assert.equal(hostOf(await regctl("setup", "insecure", address, restart)).proved, true);
    const done = hostOf(await regctl("setup", "trust", address, "--ca", `${person.home}/ca.pem`, restart));
    assert.partialDeepStrictEqual(done, { changed: true, proved: true, warnings: [] });
    assert.equal(await problemOf(image), null);
    assert.doesNotMatch(await given(), /insecure = true/);
    assert.equal(
      hostOf(await regctl("setup", "trust", address, "--ca", `${person.home}/ca.pem`)).nothing,
      "trusted",
    );
    const mirror = await openRegistry(5002, "library/base:1", false);
    const mirrored = hostOf(await regctl("setup", "mirror", `http://${mirror.address}`, restart));
    assert.partialDeepStrictEqual(mirrored, { changed: true, proved: true });
    assert.equal(await problemOf("docker.io/library/base:1"), null);
    assert.equal(await problemOf(image), null, "the certificate came along");
    assert.match(await given(), /other\.test/);
    for (const name of [mirror.address, address]) {
      assert.partialDeepStrictEqual(hostOf(await regctl("setup", "undo", name, restart)), {
        changed: true,
        proved: true,
      });
    }
    assert.equal(sorted(await given()), sorted(before));
    assert.equal(await kept(), "");
    assert.match((await problemOf(image)) ?? "", /unknown authority/);
  });

  it("comes back as it was when it does not start with the new file", async () => {
    const before = [await builder(), sorted(await given()), await kept()];
    await shell(
      host,
      'docker tag lab/buildkit:1 lab/kept:1; docker rmi -f lab/buildkit:1; tar -C /root/base -c . | docker import --change \'ENTRYPOINT ["/bin/busybox","false"]\' - lab/buildkit:1',
    );
    const error = errorOf(await regctl("setup", "insecure", "reg.test:5000", restart, "--timeout", "2"), 7);
    assert.equal(error.code, "NOT_PROVED");
    await shell(
      host,
      "docker rmi -f lab/buildkit:1; docker tag lab/kept:1 lab/buildkit:1; docker rm -f buildx_buildkit_ours-one; docker buildx inspect --bootstrap ours",
    );
    assert.deepEqual([await builder(), sorted(await given()), await kept()], before);
  });
});

/** buildx writes the keys of a file in an order of its own. */
const sorted = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .sort()
    .join("\n");
