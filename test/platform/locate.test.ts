/** Which host is meant: `--on`, or the engine that the docker CLI would use here. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import net from "node:net";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { locateHosts } from "../../src/platform/locate.ts";
import type { SetupWorld } from "../../src/platform/world.ts";
import type { ProgressEvent } from "../../src/ports.ts";
import type { SshConnection } from "../../src/ssh/connection.ts";
import type { HostSpec } from "../../src/ssh/host-spec.ts";
import { createClock } from "../../src/system/clock.ts";
import { createFiles } from "../../src/system/files.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "../support/temp-home.ts";

interface Connected {
  readonly spec: HostSpec;
  readonly identityFiles: readonly string[];
}

interface TestWorld extends AsyncDisposable {
  readonly home: string;
  readonly events: readonly ProgressEvent[];
  /** What was connected to, in order. */
  readonly connected: readonly Connected[];
  locate(on?: readonly string[]): ReturnType<typeof locateHosts>;
}

/** A home folder with files, an environment, and SSH connections that are only noted. */
async function openWorld(
  files: Readonly<Record<string, string>> = {},
  environment: (home: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<TestWorld> {
  const temporary = await createTempHome();
  const home = temporary.path;
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(`${home}/${name}`), { recursive: true });
    await writeFile(`${home}/${name}`, text);
  }
  const events: ProgressEvent[] = [];
  const connected: Connected[] = [];
  const local = createLocalHost(spawn);
  const connect = async (spec: HostSpec, identityFiles: readonly string[] = []): Promise<SshConnection> => {
    connected.push({ spec, identityFiles });
    const name = spec.name ?? "a name of its own";
    return { ...local, name, local: false, close: async () => {} } as unknown as SshConnection;
  };
  const nobody = () => assert.fail("nobody is asked");
  const world: SetupWorld = {
    environment: environment(home),
    home,
    whoami: "me@here",
    files: createFiles(),
    prompt: { interactive: false, consent: nobody, secret: nobody, text: nobody },
    clock: createClock(),
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
    maySave: () => ({ ok: true }),
    http: nobody,
    localHost: async () => local,
    dialTcp: nobody,
    readPeer: nobody,
    connect,
  };
  return {
    home,
    events,
    connected,
    locate: (on = []) => locateHosts(on, home, world),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

const named = (places: Awaited<ReturnType<typeof locateHosts>>) => places.map(({ name }) => name);
const usage = (problem: RegExp) => (error: unknown) =>
  isRegctlError(error, "USAGE") && problem.test(error.facts.problem);

describe("--on", () => {
  test("hosts in order, each once", async () => {
    await using world = await openWorld();
    const places = await world.locate(["web1", "ann@web2:2222", "web1", "[fd00::5]:22"]);
    assert.deepEqual(named(places), ["web1", "ann@web2:2222", "[fd00::5]:22"]);
    assert.ok(places.every(({ local }) => !local));
    const opened = await places[1]?.open();
    assert.deepEqual(world.connected, [
      { spec: { user: "ann", host: "web2", port: 2222, name: "ann@web2:2222" }, identityFiles: [] },
    ]);
    assert.equal(opened?.socket, "/var/run/docker.sock");
    await opened?.close();
  });

  test("@FILE: one a line; comments, empty lines, CR LF and a last line without an end", async () => {
    const list = "# servers\r\n\r\nweb1\r\n  ann@web2:2222  # the second\r\n#web9\r\nweb1\r\nweb#3";
    await using world = await openWorld({ "lists/hosts.txt": list });
    await assert.rejects(world.locate(["@lists/hosts.txt"]), usage(/"web#3" is not an SSH host/));
    await writeFile(`${world.home}/lists/hosts.txt`, list.replace("web#3", "web3"));
    assert.deepEqual(named(await world.locate(["web0", "@lists/hosts.txt", "web3"])), [
      "web0",
      "web1",
      "ann@web2:2222",
      "web3",
    ]);
    assert.deepEqual(named(await world.locate([`@${world.home}/lists/hosts.txt`])), [
      "web1",
      "ann@web2:2222",
      "web3",
    ]);
  });

  test("a list that is not there, or names nobody, is wrong usage", async () => {
    await using world = await openWorld({ "empty.txt": "# nobody\n\n" });
    await assert.rejects(world.locate(["@none.txt"]), usage(/there is no file .*none\.txt/));
    await assert.rejects(world.locate(["@empty.txt"]), usage(/names no host/));
  });

  test("one bad name stops the run before any host is connected to", async () => {
    await using world = await openWorld();
    await assert.rejects(world.locate(["web1", "-oProxyCommand=x"]), usage(/is not an SSH host/));
    assert.deepEqual(world.connected, []);
  });

  test("a host has one name, the one that was typed, before it is connected to and after", async () => {
    await using world = await openWorld();
    const typed = ["web1", "ssh://ann@web2:2222", "[fd00::5]:22"];
    for (const place of await world.locate(typed)) {
      const { host } = await place.open();
      assert.equal(host.name, place.name);
    }
    assert.deepEqual(
      world.connected.map(({ spec }) => spec.name),
      typed,
    );
  });

  test("a folder instead of a list is wrong usage", async () => {
    await using world = await openWorld({ "lists/hosts.txt": "web1" });
    await assert.rejects(world.locate(["@lists"]), usage(/^--on @lists: .*\/lists cannot be read: EISDIR/));
  });

  test("it wins over DOCKER_HOST", async () => {
    await using world = await openWorld({}, () => ({ DOCKER_HOST: "tcp://10.0.0.1:2375" }));
    assert.deepEqual(named(await world.locate(["web1"])), ["web1"]);
  });
});

describe("without --on", () => {
  test("nothing named: this machine, at the usual socket or the rootless one that is there", async () => {
    await using world = await openWorld({}, (home) => ({ XDG_RUNTIME_DIR: home }));
    const server = net.createServer().listen(`${world.home}/docker.sock`);
    try {
      const [place] = await world.locate();
      assert.deepEqual([place?.name, place?.local], ["localhost", true]);
      const { socket } = (await place?.open()) ?? assert.fail();
      assert.ok([`${world.home}/docker.sock`, "/var/run/docker.sock"].includes(socket), socket);
    } finally {
      server.close();
    }
  });

  test("DOCKER_HOST=unix://…: this machine, that socket and no other", async () => {
    await using world = await openWorld({}, () => ({ DOCKER_HOST: "unix:///run/second.sock" }));
    const [place] = await world.locate();
    assert.equal(place?.local, true);
    assert.equal((await place?.open())?.socket, "/run/second.sock");
  });

  test("DOCKER_HOST=ssh://…: over there, with its socket", async () => {
    await using world = await openWorld({}, () => ({
      DOCKER_HOST: "ssh://ann@web1:2222/run/user/1000/docker.sock",
    }));
    const [place] = await world.locate();
    assert.deepEqual([place?.name, place?.local], ["ann@web1:2222", false]);
    assert.equal((await place?.open())?.socket, "/run/user/1000/docker.sock");
    const spec = { user: "ann", host: "web1", port: 2222, name: "ann@web1:2222" };
    assert.deepEqual(world.connected[0]?.spec, spec);
  });

  test("a docker context in use decides like DOCKER_HOST", async () => {
    const folder = createHash("sha256").update("far").digest("hex");
    const meta = JSON.stringify({ Name: "far", Endpoints: { docker: { Host: "ssh://web7" } } });
    await using world = await openWorld({
      ".docker/config.json": '{"currentContext": "far"}',
      [`.docker/contexts/meta/${folder}/meta.json`]: meta,
    });
    assert.deepEqual(named(await world.locate()), ["web7"]);
  });

  test("tcp:// says nothing of the machine's files: refused, naming --on", async () => {
    for (const address of ["tcp://10.0.0.1:2375", "10.0.0.1:2375", "https://10.0.0.1:2376"]) {
      await using world = await openWorld({}, () => ({
        DOCKER_HOST: address,
        DOCKER_CERT_PATH: "/home/me/certs",
      }));
      await assert.rejects(
        world.locate(),
        (error) => isRegctlError(error, "ENGINE_ELSEWHERE") && error.facts.on === "10.0.0.1",
      );
    }
  });

  test("a named pipe is elsewhere too, and an unknown form is wrong usage", async () => {
    await using pipe = await openWorld({}, () => ({ DOCKER_HOST: "npipe:////./pipe/docker_engine" }));
    await assert.rejects(pipe.locate(), (error) => isRegctlError(error, "ENGINE_ELSEWHERE"));
    await using odd = await openWorld({}, () => ({ DOCKER_HOST: "gopher://x" }));
    await assert.rejects(odd.locate(), usage(/DOCKER_HOST/));
  });

  test("a docker-machine environment: its machine over SSH, with its own key", async () => {
    const config = {
      DriverName: "generic",
      Driver: { IPAddress: "10.1.2.3", SSHUser: "core", SSHPort: 2022, SSHKeyPath: "/keys/web" },
    };
    await using world = await openWorld(
      { ".docker/machine/machines/web/config.json": JSON.stringify(config) },
      (home) => ({
        DOCKER_HOST: "tcp://10.1.2.3:2376",
        DOCKER_TLS_VERIFY: "1",
        DOCKER_CERT_PATH: `${home}/.docker/machine/machines/web`,
      }),
    );
    const [place] = await world.locate();
    assert.deepEqual([place?.name, place?.local], ["core@10.1.2.3:2022", false]);
    assert.equal((await place?.open())?.socket, "/var/run/docker.sock");
    assert.deepEqual(world.connected, [
      {
        spec: { user: "core", host: "10.1.2.3", port: 2022, name: "core@10.1.2.3:2022" },
        identityFiles: ["/keys/web"],
      },
    ]);
  });

  test("a boot2docker environment: its VM, as docker, with its key", async () => {
    await using world = await openWorld({}, (home) => ({
      DOCKER_HOST: "tcp://192.168.59.103:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: `${home}/.boot2docker/certs/boot2docker-vm`,
    }));
    const [place] = await world.locate();
    assert.equal(place?.name, "docker@192.168.59.103");
    await place?.open();
    assert.deepEqual(world.connected[0]?.identityFiles, [`${world.home}/.ssh/id_boot2docker`]);
  });

  test("a config.json that cannot be read is a warning, and an unreadable context wrong usage", async () => {
    await using folder = await openWorld({ ".docker/config.json/file": "" });
    assert.equal((await folder.locate())[0]?.local, true);
    assert.match(JSON.stringify(folder.events), /config\.json cannot be read: EISDIR/);

    const digest = createHash("sha256").update("far").digest("hex");
    await using context = await openWorld({ [`.docker/contexts/meta/${digest}/meta.json/file`]: "" }, () => ({
      DOCKER_CONTEXT: "far",
    }));
    await assert.rejects(context.locate(), usage(/the docker context "far" cannot be read: EISDIR/));
  });

  test("a docker-machine folder that cannot be read is told with its path", async () => {
    await using world = await openWorld({ ".docker/machine/machines/web/config.json/file": "" }, (home) => ({
      DOCKER_HOST: "tcp://10.1.2.3:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: `${home}/.docker/machine/machines/web`,
    }));
    await assert.rejects(
      world.locate(),
      (error) => isRegctlError(error, "STATE_UNREADABLE") && /EISDIR/.test(error.facts.problem),
    );
  });

  test("a broken config.json of the docker CLI is a warning, as for the CLI", async () => {
    await using world = await openWorld({ ".docker/config.json": "{" });
    assert.equal((await world.locate())[0]?.local, true);
    assert.match(JSON.stringify(world.events), /config\.json is not valid JSON/);
  });
});
