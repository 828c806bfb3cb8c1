/** Facts about an engine, and where a tunnel must land for it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EngineEndpoint } from "../../src/engine/endpoint.ts";
import { isRegctlError } from "../../src/errors.ts";
import { parsePodmanMachine } from "../../src/tunnel/engine-machine.ts";
import { decideEngineSide, type EngineFacts, tellsItself } from "../../src/tunnel/engine-side.ts";

const home = "/Users/ann";
const machine = { name: "podman-machine-default", user: "core", port: 50022, keyFile: "/k" };

function facts(change: Partial<EngineFacts>): EngineFacts {
  const { endpoint, socket = endpoint?.kind === "unix" ? endpoint.path : null } = change;
  return {
    home,
    environment: {},
    named: null,
    endpoint: null,
    machine: null,
    system: "Linux",
    wsl: false,
    configs: [],
    podmanMachines: [],
    ownNetwork: false,
    operatingSystem: null,
    ...change,
    socket,
  };
}

const unix = (path: string, origin = "default"): EngineEndpoint => ({ kind: "unix", path, origin });
const tcp = (host: string): EngineEndpoint => ({ kind: "tcp", host, port: 2376, origin: "DOCKER_HOST" });
const ssh = (spec: string): EngineEndpoint => ({ kind: "ssh", spec, origin: "context web" });
const boot2docker: EngineEndpoint = {
  ...tcp("192.168.59.103"),
  machine: { kind: "boot2docker", name: "boot2docker-vm", certPath: "/c" },
};
const mac = { system: "Darwin" };

interface Case {
  readonly what: string;
  readonly given: Partial<EngineFacts>;
  readonly side: object;
}

const cases: readonly Case[] = [
  { what: "no engine", given: {}, side: { side: "none" } },
  {
    what: "an engine of this Linux",
    given: { endpoint: unix("/var/run/docker.sock"), socket: "/run/docker.sock" },
    side: { side: "here", why: "a socket of this Linux" },
  },
  {
    what: "an engine of the same distribution of WSL",
    given: { endpoint: unix("/var/run/docker.sock"), wsl: true },
    side: { side: "here", why: "a socket of this distribution of WSL" },
  },
  {
    what: "Docker Desktop's engine in WSL, by its socket",
    given: {
      endpoint: unix("/var/run/docker.sock"),
      socket: "/mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.proxy.sock",
      wsl: true,
    },
    side: { side: "apart", engine: "Docker Desktop", bridge: "host.docker.internal" },
  },
  {
    what: "Docker Desktop's engine in WSL, by its own words",
    given: { endpoint: unix("/var/run/docker.sock"), wsl: true, operatingSystem: "Docker Desktop" },
    side: {
      side: "apart",
      engine: "Docker Desktop",
      why: "it calls itself Docker Desktop, and this is WSL",
      bridge: "host.docker.internal",
    },
  },
  {
    what: "Docker Desktop on a Mac, behind the usual link",
    given: { ...mac, endpoint: unix("/var/run/docker.sock"), socket: `${home}/.docker/run/docker.sock` },
    side: { side: "apart", engine: "Docker Desktop" },
  },
  {
    what: "Docker Desktop on Linux",
    given: { endpoint: unix(`${home}/.docker/desktop/docker.sock`, "context desktop-linux") },
    side: { side: "apart", engine: "Docker Desktop" },
  },
  {
    what: "OrbStack",
    given: { ...mac, endpoint: unix("/var/run/docker.sock"), socket: `${home}/.orbstack/run/docker.sock` },
    side: { side: "apart", engine: "OrbStack" },
  },
  {
    what: "a rootless engine with a network of its own",
    given: { endpoint: unix("/run/user/1000/docker.sock"), ownNetwork: true },
    side: { side: "apart", engine: "the rootless engine", bridge: null },
  },
  {
    what: "Colima",
    given: {
      ...mac,
      endpoint: unix(`${home}/.colima/default/docker.sock`, "context colima"),
      configs: [`${home}/.colima/_lima/colima/ssh.config`, `${home}/.colima/ssh_config`],
    },
    side: {
      side: "there",
      engine: "Colima",
      way: {
        spec: { host: "lima-colima" },
        identityFiles: [],
        configFile: `${home}/.colima/_lima/colima/ssh.config`,
      },
    },
  },
  {
    what: "a profile of Colima, of which the common file alone is there",
    given: {
      ...mac,
      endpoint: unix(`${home}/.config/colima/web/docker.sock`),
      configs: [`${home}/.config/colima/ssh_config`],
    },
    side: {
      side: "there",
      engine: "Colima's profile web",
      way: {
        spec: { host: "colima-web" },
        identityFiles: [],
        configFile: `${home}/.config/colima/ssh_config`,
      },
    },
  },
  {
    what: "Colima from before it had profiles, without any file",
    given: { ...mac, endpoint: unix(`${home}/.colima/docker.sock`) },
    side: { side: "unknown", engine: "Colima" },
  },
  {
    what: "Lima, its home elsewhere",
    given: {
      ...mac,
      environment: { LIMA_HOME: "/lima" },
      endpoint: unix("/lima/docker/sock/docker.sock", "DOCKER_HOST"),
      configs: ["/lima/docker/ssh.config"],
    },
    side: {
      side: "there",
      engine: "Lima's machine docker",
      way: { spec: { host: "lima-docker" }, identityFiles: [], configFile: "/lima/docker/ssh.config" },
    },
  },
  {
    what: "Rancher Desktop",
    given: {
      ...mac,
      endpoint: unix(`${home}/.rd/docker.sock`),
      configs: [`${home}/Library/Application Support/rancher-desktop/lima/0/ssh.config`],
    },
    side: { side: "there", engine: "Rancher Desktop" },
  },
  {
    what: "podman machine",
    given: {
      ...mac,
      endpoint: unix("/var/run/docker.sock"),
      socket: "/var/folders/x/T/podman/podman-machine-default-api.sock",
      podmanMachines: [{ ...machine, name: "other" }, machine],
    },
    side: {
      side: "there",
      engine: "podman machine podman-machine-default",
      way: {
        spec: { user: "core", host: "127.0.0.1", port: 50022 },
        identityFiles: ["/k"],
        configFile: null,
      },
    },
  },
  {
    what: "one of two machines of podman, and nothing says which",
    given: {
      endpoint: unix(`${home}/.local/share/containers/podman/machine/podman.sock`),
      podmanMachines: [
        { ...machine, name: "a" },
        { ...machine, name: "b" },
      ],
    },
    side: { side: "unknown", engine: "podman machine" },
  },
  {
    what: "podman of this Linux",
    given: { endpoint: unix("/run/user/1000/podman/podman.sock") },
    side: { side: "here" },
  },
  {
    what: "boot2docker",
    given: {
      endpoint: boot2docker,
      machine: { user: "docker", host: "192.168.59.103", port: 22, keyFile: "/i" },
    },
    side: {
      side: "there",
      engine: "boot2docker's machine boot2docker-vm",
      why: "DOCKER_HOST and DOCKER_CERT_PATH name it",
      way: {
        spec: { user: "docker", host: "192.168.59.103", port: 22 },
        identityFiles: ["/i"],
        configFile: null,
      },
    },
  },
  {
    what: "an engine behind SSH",
    given: { endpoint: ssh("ann@web1:2222") },
    side: {
      side: "there",
      engine: "ssh://ann@web1:2222",
      way: { spec: { user: "ann", host: "web1", port: 2222 }, identityFiles: [], configFile: null },
    },
  },
  { what: "an address of the network", given: { endpoint: tcp("10.0.0.1") }, side: { side: "unknown" } },
  { what: "the loopback of this Linux", given: { endpoint: tcp("127.0.0.1") }, side: { side: "here" } },
  { what: "the loopback of a Mac", given: { ...mac, endpoint: tcp("::1") }, side: { side: "unknown" } },
  {
    what: "the loopback of WSL",
    given: { wsl: true, endpoint: tcp("localhost") },
    side: { side: "unknown" },
  },
  {
    what: "a socket of a Mac that tells nothing",
    given: {
      ...mac,
      endpoint: unix("/tmp/engine.sock", "DOCKER_HOST"),
      operatingSystem: "Alpine Linux v3.20",
    },
    side: { side: "unknown", why: "DOCKER_HOST names it, and on Darwin engines live in machines" },
  },
  {
    what: "a pipe of Windows",
    given: { endpoint: { kind: "npipe", path: "//./pipe/docker_engine", origin: "default" } },
    side: { side: "unknown" },
  },
  {
    what: "an engine that is named, whatever else is known",
    given: { endpoint: unix("/var/run/docker.sock"), named: "core@10.0.0.1" },
    side: { side: "there", why: "--engine-host names it", way: { spec: { user: "core", host: "10.0.0.1" } } },
  },
];

describe("where the engine is", () => {
  for (const { what, given, side } of cases) {
    it(what, () => {
      assert.partialDeepStrictEqual(decideEngineSide(facts(given)), side);
    });
  }

  it("a host that is none is refused", () => {
    assert.throws(
      () => decideEngineSide(facts({ named: "-oProxyCommand=x" })),
      (error) => isRegctlError(error, "USAGE"),
    );
  });

  it("an engine is asked only where its socket tells nothing", () => {
    const asked = (given: Partial<EngineFacts>) => !tellsItself(facts(given));
    assert.deepEqual(
      [
        asked({ socket: "/run/docker.sock" }),
        asked({ socket: "/run/docker.sock", wsl: true }),
        asked({ socket: "/tmp/x.sock", ...mac }),
        asked({ socket: `${home}/.orbstack/run/docker.sock`, ...mac }),
        asked({ socket: `${home}/.colima/default/docker.sock`, ...mac }),
        asked({ socket: "/x/podman/podman-machine-default-api.sock", ...mac }),
        asked({ socket: null, ...mac }),
      ],
      [false, true, true, false, false, false, false],
    );
  });
});

describe("a file of podman machine", () => {
  // SOURCE: written by hand after podman pkg/machine/vmconfigs/config.go @050c638, and its form before podman 5.
  const ssh = { IdentityPath: "/k", Port: 50022, RemoteUsername: "core" };
  const read = (value: object) => parsePodmanMachine(JSON.stringify(value));

  it("of podman 5 and of podman 4", () => {
    assert.deepEqual(read({ Name: "podman-machine-default", SSH: ssh, Version: 1 }), machine);
    assert.deepEqual(read({ Name: "podman-machine-default", ...ssh, CPUs: 2 }), machine);
  });

  it("that says too little, or is none", () => {
    assert.equal(read({ Name: "x", SSH: { ...ssh, Port: 0 } }), null);
    assert.equal(read({ SSH: ssh }), null);
    assert.equal(parsePodmanMachine("{"), null);
  });
});
