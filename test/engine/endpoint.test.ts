import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  contextFolders,
  type EndpointInput,
  type EngineEndpoint,
  resolveEndpoint,
} from "../../src/engine/endpoint.ts";
import { parseMachineConfig } from "../../src/engine/machine.ts";
import { readEndpoint, readMachineAddress } from "../../src/engine/read-endpoint.ts";
import { isRegctlError } from "../../src/errors.ts";
import type { Environment, Files } from "../../src/ports.ts";

const home = "/home/ann";

function input(environment: Environment, rest: Partial<EndpointInput> = {}): EndpointInput {
  return { environment, home, dockerConfigText: null, contextMetaText: null, contextTlsFiles: [], ...rest };
}

function meta(Host: string, more: object = {}): string {
  return JSON.stringify({ Name: "x", Metadata: {}, Endpoints: { docker: { Host, ...more } } });
}

function only(given: EndpointInput): EngineEndpoint {
  const choice = resolveEndpoint(given);
  assert.equal(choice.named, true);
  assert.equal(choice.endpoints.length, 1);
  return choice.endpoints[0] ?? assert.fail();
}

describe("resolveEndpoint", () => {
  it("names the usual places when nothing is set", () => {
    assert.deepEqual(resolveEndpoint(input({ XDG_RUNTIME_DIR: "/run/user/1000" })), {
      named: false,
      endpoints: [
        { kind: "unix", path: "/var/run/docker.sock", origin: "default" },
        { kind: "unix", path: "/run/user/1000/docker.sock", origin: "rootless" },
      ],
      warnings: [],
    });
  });

  it("keeps the docker CLI's order", () => {
    const dockerConfigText = '{"currentContext":"configured"}';
    const context = { dockerConfigText, contextMetaText: meta("unix:///x.sock") };
    const all = { DOCKER_HOST: "unix:///h.sock", DOCKER_CONTEXT: "named" };
    assert.equal(only(input(all, { ...context, contextFlag: "flagged" })).origin, "context flagged");
    assert.equal(only(input(all, context)).origin, "DOCKER_HOST");
    assert.equal(only(input({ DOCKER_CONTEXT: "named" }, context)).origin, "context named");
    assert.equal(only(input({}, context)).origin, "context configured");
    assert.equal(resolveEndpoint(input({ DOCKER_CONTEXT: "default" }, context)).named, false);
    assert.equal(only(input(all, { ...context, contextFlag: "default" })).origin, "DOCKER_HOST");
    assert.equal(resolveEndpoint(input({ DOCKER_HOST: "", DOCKER_CONTEXT: "" })).named, false);
  });

  const addresses: readonly (readonly [string, object])[] = [
    ["unix:///run/x.sock", { kind: "unix", path: "/run/x.sock" }],
    ["unix://", { kind: "unix", path: "/var/run/docker.sock" }],
    ["tcp://10.0.0.1", { kind: "tcp", host: "10.0.0.1", port: 2375 }],
    ["10.0.0.1:80", { kind: "tcp", host: "10.0.0.1", port: 80 }],
    ["tcp://[fd00::1]:2000", { kind: "tcp", host: "fd00::1", port: 2000 }],
    ["ssh://ann@host:2222", { kind: "ssh", spec: "ann@host:2222" }],
    [
      "ssh://host/run/user/1000/docker.sock",
      { kind: "ssh", spec: "host", socketPath: "/run/user/1000/docker.sock" },
    ],
    ["npipe:////./pipe/docker_engine", { kind: "npipe", path: "//./pipe/docker_engine" }],
  ];
  for (const [text, address] of addresses) {
    it(`reads ${text}`, () => {
      assert.deepEqual(only(input({ DOCKER_HOST: text })), { ...address, origin: "DOCKER_HOST" });
    });
  }

  for (const text of ["ftp://x", "fd://", "ssh://ann:secret@host", "ssh://", "tcp://a b", "ssh://h?x=1"]) {
    it(`refuses ${text} without repeating a password`, () => {
      assert.throws(
        () => resolveEndpoint(input({ DOCKER_HOST: text })),
        (error: unknown) => isRegctlError(error, "USAGE") && !error.facts.problem.includes("secret"),
      );
    });
  }

  it("takes TLS from the environment as the docker CLI does", () => {
    const folder = "/certs";
    const tls = { ca: "/certs/ca.pem", cert: "/certs/cert.pem", key: "/certs/key.pem" };
    const verified = { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder };
    const shared = { kind: "tcp", host: "h", port: 2376, origin: "DOCKER_HOST" };
    assert.deepEqual(only(input(verified)), { ...shared, tls: { ...tls, verify: true } });
    const unverified = { DOCKER_HOST: "tcp://h", DOCKER_TLS: "1", DOCKER_CERT_PATH: folder };
    assert.deepEqual(only(input(unverified)), { ...shared, tls: { ...tls, verify: false } });
  });

  it("takes TLS from the context's own folder", () => {
    const tls = contextFolders(`${home}/.docker`, "lab").tls;
    const given = input(
      { DOCKER_CONTEXT: "lab" },
      {
        contextMetaText: meta("tcp://h:1", { SkipTLSVerify: true }),
        contextTlsFiles: ["ca.pem", ".DS_Store"],
      },
    );
    const endpoint = { kind: "tcp", host: "h", port: 1, tls: { ca: `${tls}/ca.pem`, verify: false } };
    assert.deepEqual(only(given), { ...endpoint, origin: "context lab" });
  });

  it("fails where the context is missing or empty, as the docker CLI does", () => {
    for (const contextMetaText of [null, "{}", "not JSON"]) {
      assert.throws(
        () => resolveEndpoint(input({ DOCKER_CONTEXT: "gone" }, { contextMetaText })),
        (error: unknown) => isRegctlError(error, "USAGE") && error.facts.problem.includes('"gone"'),
      );
    }
  });

  it("goes on without a broken config.json, and says so", () => {
    const choice = resolveEndpoint(input({}, { dockerConfigText: "{" }));
    assert.equal(choice.named, false);
    assert.equal(choice.warnings.length, 1);
  });

  const machines: readonly (readonly [Environment, string, string])[] = [
    [{ DOCKER_CERT_PATH: "/home/ann/.docker/machine/machines/dev" }, "docker-machine", "dev"],
    [{ DOCKER_CERT_PATH: "C:\\Users\\ann\\.docker\\machine\\machines\\dev" }, "docker-machine", "dev"],
    [{ DOCKER_CERT_PATH: "/store/machines/dev/", MACHINE_STORAGE_PATH: "/store" }, "docker-machine", "dev"],
    [{ DOCKER_CERT_PATH: "/Users/ann/.boot2docker/certs/boot2docker-vm" }, "boot2docker", "boot2docker-vm"],
  ];
  for (const [environment, kind, name] of machines) {
    it(`recognises ${kind} by ${environment.DOCKER_CERT_PATH}`, () => {
      const endpoint = only(
        input({ DOCKER_HOST: "tcp://192.168.99.100:2376", DOCKER_TLS_VERIFY: "1", ...environment }),
      );
      assert.equal(endpoint.machine?.kind, kind);
      assert.equal(endpoint.machine?.name, name);
    });
  }

  it("takes no other certificate folder for a machine's", () => {
    const environment = {
      DOCKER_HOST: "tcp://h:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: "/srv/machines/dev",
    };
    assert.equal(only(input(environment)).machine, undefined);
  });
});

describe("parseMachineConfig", () => {
  const folder = "/home/ann/.docker/machine/machines/dev";

  it("reads the address of a generic machine", () => {
    const Driver = { IPAddress: "10.0.0.7", SSHUser: "ubuntu", SSHPort: 2222, SSHKeyPath: "/keys/dev" };
    assert.deepEqual(parseMachineConfig(JSON.stringify({ DriverName: "generic", Driver }), folder), {
      host: "10.0.0.7",
      port: 2222,
      user: "ubuntu",
      keyFile: "/keys/dev",
    });
  });

  it("goes through the forwarded port of a VirtualBox machine", () => {
    const Driver = { IPAddress: "192.168.99.100", SSHUser: "docker", SSHPort: 51234, SSHKeyPath: "" };
    assert.deepEqual(parseMachineConfig(JSON.stringify({ DriverName: "virtualbox", Driver }), folder), {
      host: "127.0.0.1",
      port: 51234,
      user: "docker",
      keyFile: `${folder}/id_rsa`,
    });
  });

  it("knows docker-machine's defaults, and when there is no address", () => {
    const text = JSON.stringify({ DriverName: "none", Driver: { IPAddress: "10.0.0.7" } });
    assert.deepEqual(parseMachineConfig(text, folder), {
      host: "10.0.0.7",
      port: 22,
      user: "root",
      keyFile: `${folder}/id_rsa`,
    });
    assert.equal(parseMachineConfig("{}", folder), null);
    assert.equal(parseMachineConfig("{", folder), null);
  });
});

/** Files in memory: only what is read here. */
function filesOf(texts: Readonly<Record<string, string>>): Files {
  const unexpected = async () => assert.fail("nothing is written");
  return {
    read: async (path) => (texts[path] === undefined ? null : Buffer.from(texts[path])),
    list: async (path) =>
      Object.keys(texts).flatMap((file) =>
        file.startsWith(`${path}/`) ? [file.slice(path.length + 1)] : [],
      ),
    write: unexpected,
    append: unexpected,
    remove: unexpected,
  };
}

describe("readEndpoint", () => {
  it("finds a context by the digest of its name", async () => {
    // `printf colima | sha256sum`
    const digest = "f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16";
    const files = filesOf({
      "/cfg/config.json": '{"currentContext":"colima"}',
      [`/cfg/contexts/meta/${digest}/meta.json`]: meta("unix:///home/ann/.colima/default/docker.sock"),
    });
    const choice = await readEndpoint(files, { environment: { DOCKER_CONFIG: "/cfg" }, home });
    const path = "/home/ann/.colima/default/docker.sock";
    assert.deepEqual(choice.endpoints, [{ kind: "unix", path, origin: "context colima" }]);
  });

  it("needs no files", async () => {
    const choice = await readEndpoint(filesOf({}), { environment: {}, home });
    assert.deepEqual(choice.endpoints, [{ kind: "unix", path: "/var/run/docker.sock", origin: "default" }]);
  });
});

describe("readMachineAddress", () => {
  const environment = (certPath: string) => ({
    DOCKER_HOST: "tcp://192.168.59.103:2376",
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: certPath,
  });

  it("knows boot2docker's account", async () => {
    const endpoint = only(input(environment("/home/ann/.boot2docker/certs/boot2docker-vm")));
    const keyFile = "/home/ann/.ssh/id_boot2docker";
    const address = { host: "192.168.59.103", port: 22, user: "docker", keyFile };
    assert.deepEqual(await readMachineAddress(filesOf({}), home, endpoint), address);
  });

  it("reads docker-machine's file, and says when it is missing", async () => {
    const folder = "/home/ann/.docker/machine/machines/dev";
    const endpoint = only(input(environment(folder)));
    const text = JSON.stringify({
      DriverName: "hyperv",
      Driver: { IPAddress: "10.0.0.8", SSHUser: "docker" },
    });
    const address = await readMachineAddress(filesOf({ [`${folder}/config.json`]: text }), home, endpoint);
    assert.equal(address?.host, "10.0.0.8");
    await assert.rejects(readMachineAddress(filesOf({}), home, endpoint), (error: unknown) =>
      isRegctlError(error, "STATE_UNREADABLE"),
    );
  });

  it("has nothing to say of other endpoints", async () => {
    assert.equal(
      await readMachineAddress(filesOf({}), home, only(input({ DOCKER_HOST: "tcp://h:1" }))),
      null,
    );
  });
});
