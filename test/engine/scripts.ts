/**
 * What three generations of engines say.
 * SOURCE: written by hand after moby api/swagger.yaml (v20.10, v28) and docs/reference/api/docker_remote_api_v1.18.md;
 * only the fields that clients read, with values of our own.
 */
import type { EngineScript } from "../support/scripted-engine.ts";

/** boot2docker 1.6: no ServerVersion, switches as numbers, null lists, no API version in /_ping. */
export const engine16: EngineScript = {
  apiVersion: "1.18",
  saysApiVersion: false,
  version: {
    Version: "1.6.2",
    ApiVersion: "1.18",
    GoVersion: "go1.4.2",
    GitCommit: "7c8fca2",
    Os: "linux",
    Arch: "amd64",
    KernelVersion: "4.0.3-boot2docker",
  },
  info: {
    Containers: 2,
    Debug: 1,
    DockerRootDir: "/mnt/sda1/var/lib/docker",
    Driver: "aufs",
    DriverStatus: [["Root Dir", "/mnt/sda1/var/lib/docker/aufs"], ["Dirs", "12"], [""]],
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
    Labels: null,
    Name: "boot2docker",
    OperatingSystem: "Boot2Docker 1.6.2 (TCL 5.4); master : 4534e65 - Wed May 13 21:24:28 UTC 2015",
    RegistryConfig: {
      IndexConfigs: {
        "docker.io": { Mirrors: null, Name: "docker.io", Official: true, Secure: true },
        "reg.test:5000": { Mirrors: [], Name: "reg.test:5000", Official: false, Secure: false },
      },
      InsecureRegistryCIDRs: ["127.0.0.0/8"],
    },
    SystemTime: "2015-06-01T10:11:12.5Z",
  },
  containers: [{ Id: "c1", Names: ["/web/db", "/db"], Image: "postgres:9.4", Status: "Up 2 hours" }],
  states: { c1: { Running: true, Pid: 4711, StartedAt: "2015-06-01T08:00:00.000000001Z" } },
};

/** Debian's docker.io 20.10. */
export const engine2010: EngineScript = {
  apiVersion: "1.41",
  minApiVersion: "1.12",
  saysApiVersion: true,
  version: {
    Version: "20.10.24+dfsg1",
    ApiVersion: "1.41",
    MinAPIVersion: "1.12",
    Os: "linux",
    Arch: "amd64",
    Components: [
      { Name: "Engine", Version: "20.10.24+dfsg1" },
      { Name: "containerd", Version: "1.6.20~ds1" },
    ],
  },
  info: {
    ServerVersion: "20.10.24+dfsg1",
    OperatingSystem: "Debian GNU/Linux 12 (bookworm)",
    OSType: "linux",
    Name: "lab",
    DockerRootDir: "/var/lib/docker",
    SecurityOptions: ["name=apparmor", "name=seccomp,profile=default"],
    LiveRestoreEnabled: true,
    ContainersRunning: 1,
    Swarm: { NodeID: "", LocalNodeState: "inactive" },
    RegistryConfig: {
      AllowNondistributableArtifactsCIDRs: [],
      InsecureRegistryCIDRs: ["10.1.0.0/16", "127.0.0.0/8"],
      IndexConfigs: {
        "docker.io": { Name: "docker.io", Mirrors: ["https://mirror.test/"], Secure: true, Official: true },
        "reg.test:5000": { Name: "reg.test:5000", Mirrors: [], Secure: false, Official: false },
      },
      Mirrors: ["https://mirror.test/"],
    },
    Driver: "overlay2",
    DriverStatus: [
      ["Backing Filesystem", "extfs"],
      ["Supports d_type", "true"],
    ],
    HttpProxy: "http://xxxxx:xxxxx@proxy.test:3128",
    HttpsProxy: "",
    NoProxy: "localhost,.test",
    Labels: ["provider=generic"],
    SystemTime: "2026-11-23T12:00:00.123456789Z",
  },
  containers: [{ Id: "c1", Names: ["/web"], Image: "web:1", State: "running" }],
  states: { c1: { Running: true, Pid: 1234, StartedAt: "2026-11-23T11:00:00.5Z" } },
  events: [
    {
      Type: "daemon",
      Action: "reload",
      Actor: { ID: "x", Attributes: {} },
      time: 1795435000,
      timeNano: 1795435000000000000,
    },
    {
      Type: "daemon",
      Action: "reload",
      Actor: { ID: "x", Attributes: {} },
      time: 1795436000,
      timeNano: 1795436000000000000,
    },
    { Type: "container", Action: "start", Actor: { ID: "c1", Attributes: {} }, time: 1795437000 },
  ],
};

/** A rootless 28 with containerd's store: speaks a newer API than this client and no longer the oldest ones. */
export const engine28: EngineScript = {
  apiVersion: "1.99",
  minApiVersion: "1.44",
  saysApiVersion: true,
  version: { Version: "28.5.2", ApiVersion: "1.99", MinAPIVersion: "1.44", Os: "linux", Arch: "arm64" },
  info: {
    ServerVersion: "28.5.2",
    OperatingSystem: "Debian GNU/Linux 13 (trixie)",
    OSType: "linux",
    Name: "lab28",
    DockerRootDir: "/home/user/.local/share/docker",
    SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
    LiveRestoreEnabled: false,
    ContainersRunning: 0,
    Swarm: { LocalNodeState: "active" },
    RegistryConfig: {
      IndexConfigs: { "docker.io": { Name: "docker.io", Mirrors: [], Secure: true, Official: true } },
      InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"],
      Mirrors: null,
    },
    Driver: "overlayfs",
    DriverStatus: [["driver-type", "io.containerd.snapshotter.v1"]],
    Labels: [],
    SystemTime: "2026-11-23T12:00:00Z",
  },
};
