/** Which platform a host is, on a fixture of each kind that platforms.md and the issue name. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { detectPlatform } from "../../src/platform/detect.ts";
import { daemonOf } from "../../src/platform/facts.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import { findOwner } from "../../src/platform/owner.ts";
import { platforms } from "../../src/platform/platforms/table.ts";
import {
  daemonProcess,
  engineFacts,
  fixtureFacts,
  fixtureFolder,
  fixtureNames,
  freezeDeep,
  hostFacts,
} from "./hosts.ts";

/** Platforms that are written: name, evidence that tells, and the file in which an entry would be put. */
const written: Readonly<Record<string, readonly [name: string, evidence: RegExp, path: string]>> = {
  "boot2docker-1.9": ["boot2docker", /ID=boot2docker/, "/var/lib/boot2docker/profile"],
  "boot2docker-19.03": ["boot2docker", /ID=boot2docker/, "/etc/docker/daemon.json"],
  "docker-machine-ubuntu": ["systemd", /systemd runs docker\.service/, "/etc/docker/daemon.json"],
  "ubuntu-14.04-upstart": ["upstart", /upstart.*\/etc\/default\/docker$/, "/etc/docker/daemon.json"],
  "debian-sysvinit": ["sysvinit", /no systemd.*sources \/etc\/default\/docker/, "/etc/docker/daemon.json"],
  "wsl2-debian": ["sysvinit", /no systemd.*sources \/etc\/default\/docker/, "/etc/docker/daemon.json"],
  "systemd-docker-ce": ["systemd", /reads no environment file/, "/etc/docker/daemon.json"],
  "systemd-docker.io": ["systemd-docker.io", /reads \/etc\/default\/docker/, "/etc/docker/daemon.json"],
  "ubuntu-18.04-docker.io": ["systemd-docker.io", /reads \/etc\/default\/docker/, "/etc/docker/daemon.json"],
  bare: ["dockerd", /pid 88.*no service manager/, "/srv/engine/daemon.json"],
  "second-engine": ["dockerd", /pid 4400.*no service manager/, "/etc/second/daemon.json"],
};

/** Platforms that are only recognised: evidence, and what stands in the lines to paste. */
const recognised: Readonly<Record<string, readonly [name: string, evidence: RegExp, paste: RegExp]>> = {
  "rhel-6": ["rhel-sysvinit", /\/etc\/rc\.d\/init\.d\/functions/, /other_args=.*r\.test:5000/],
  "rhel-7": ["rhel-docker", /unit reads \/etc\/sysconfig\/docker/, /INSECURE_REGISTRY='.*r\.test:5000'/],
  "amazon-linux-1": ["amazon-linux", /ID=amzn/, /OPTIONS=.*service docker restart/],
  "amazon-linux-2": ["amazon-linux", /ID=amzn/, /OPTIONS=.*service docker restart/],
  flatcar: ["flatcar", /ID=flatcar/, /tee \/etc\/docker\/daemon\.json.*systemctl reload docker/],
  "alpine-openrc": ["openrc", /OpenRC/, /rc-service docker reload/],
  rootless: ["rootless", /name=rootless/, /\.config\/docker\/daemon\.json.*systemctl --user restart docker/],
  snap: ["snap", /\/snap/, /\/var\/snap\/docker\/current.*snap restart docker\.dockerd/],
  "docker-desktop": ["docker-desktop", /calls itself Docker Desktop/, /docker desktop restart/],
  orbstack: ["orbstack", /calls itself OrbStack/, /\.orbstack\/config\/docker\.json.*orb restart docker/],
  colima: ["colima", /named colima/, /colima\.yaml.*colima start/],
  lima: ["lima", /named lima-docker/, /limactl shell/],
  "rancher-desktop": ["rancher-desktop", /lima-rancher-desktop/, /override\.yaml.*restart Rancher Desktop/],
  minikube: ["minikube", /Buildroot/, /minikube delete.*--insecure-registry r\.test:5000/],
  synology: ["synology", /synoinfo/, /dockerd\.json.*synopkg restart/],
  rancheros: ["rancheros", /ID=rancheros/, /ros config set/],
  "systemd-other": ["systemd-other", /reads \/opt\/docker\/env/, /daemon\.json/],
};

const elsewhere = ["container-with-socket", "host-pid-container"];

describe("a fixture of each platform", () => {
  test("none is forgotten, each says where it comes from", () => {
    const told = [...Object.keys(written), ...Object.keys(recognised), ...elsewhere, "no-engine"];
    assert.deepEqual(fixtureNames, told.sort());
    for (const name of fixtureNames) assert.ok(existsSync(`${fixtureFolder}/${name}/SOURCE`), name);
    const names = new Set(Object.values({ ...written, ...recognised }).map(([name]) => name));
    assert.deepEqual([...names].sort(), platforms.map(({ name }) => name).sort(), "a fixture for each row");
  });

  for (const [fixture, [name, evidence, path]] of Object.entries(written)) {
    test(`${fixture} is ${name}`, () => {
      const facts = freezeDeep(fixtureFacts(fixture));
      const found = detectPlatform(facts, undefined);
      assert.equal(found.platform.name, name);
      assert.match(found.evidence.join("; "), evidence);
      assert.ok(found.platform.kind === "written");
      assert.equal(findOwner(facts, found.platform, insecureRegistries).source.path, path);
    });
  }

  for (const [fixture, [name, evidence, paste]] of Object.entries(recognised)) {
    test(`${fixture} is ${name}, and a person is told what to do`, () => {
      const found = detectPlatform(fixtureFacts(fixture), undefined);
      assert.equal(found.platform.name, name);
      assert.match(found.evidence.join("; "), evidence);
      assert.ok(found.platform.kind === "recognised");
      const lines = found.platform.paste("r.test:5000");
      assert.match(lines.join(" "), paste);
      assert.match(lines.join(" "), /r\.test:5000/);
      for (const line of lines) assert.match(line, /^(# |[a-z])[^\n]*$/, "a line for a shell");
    });
  }
});

describe("where the engine is", () => {
  for (const [fixture, why] of [
    ["container-with-socket", /this is a container, and its dockerd runs outside/],
    ["host-pid-container", /another root file system/],
  ] as const) {
    test(`${fixture}: elsewhere, never the container's own /etc`, () => {
      const facts = fixtureFacts(fixture);
      assert.throws(
        () => detectPlatform(facts, undefined),
        (error) =>
          isRegctlError(error, "ENGINE_ELSEWHERE") &&
          why.test(error.facts.why) &&
          /--on/.test(error.facts.remedy),
      );
    });
  }

  test("a forwarded socket without any dockerd here is elsewhere too", () => {
    const facts = hostFacts({ daemons: [], unit: null, pidFile: null });
    assert.throws(() => detectPlatform(facts, undefined), /no dockerd of this machine/);
  });

  test("naming a platform does not make a container's /etc the engine's", () => {
    const facts = fixtureFacts("container-with-socket");
    assert.throws(
      () => detectPlatform(facts, "systemd"),
      (error) => isRegctlError(error, "ENGINE_ELSEWHERE"),
    );
  });

  test("no engine at all: what was seen is told", () => {
    assert.throws(
      () => detectPlatform(fixtureFacts("no-engine"), undefined),
      (error) =>
        isRegctlError(error, "PLATFORM_UNKNOWN") &&
        error.facts.evidence.join("; ") ===
          "os-release ID is debian; init is systemd; no dockerd runs; there is no /var/run/docker.sock",
    );
  });

  test("Desktop beside docker-ce: its socket means Desktop, the other one means the unit", () => {
    const ce = fixtureFacts("systemd-docker-ce");
    const desktop = {
      ...ce,
      daemons: ce.daemons.map((daemon) => ({ ...daemon, ownsSocket: "no" as const })),
    };
    const engine = engineFacts({ operatingSystem: "Docker Desktop", name: "docker-desktop" });
    assert.equal(detectPlatform({ ...desktop, engine }, undefined).platform.name, "docker-desktop");
    assert.equal(detectPlatform(ce, undefined).platform.name, "systemd");
  });

  test("a second engine leaves the first one's files alone", () => {
    const facts = fixtureFacts("second-engine");
    const { platform } = detectPlatform(facts, undefined);
    assert.ok(platform.kind === "written");
    assert.equal(daemonOf(facts)?.pid, 4400);
    assert.deepEqual(platform.service(facts).reload, ["kill", "-HUP", "4400"]);
    assert.deepEqual(findOwner(facts, platform, insecureRegistries).listed, []);
  });

  test("a dockerd by hand on a sysvinit, upstart or boot2docker host is not the service's", () => {
    for (const fixture of ["debian-sysvinit", "ubuntu-14.04-upstart", "boot2docker-19.03"]) {
      const facts = fixtureFacts(fixture);
      const second = daemonProcess(["dockerd", "--config-file=/srv/d.json"], { pid: 9000 });
      const first = facts.daemons.map((daemon) => ({ ...daemon, ownsSocket: "no" as const }));
      const { platform } = detectPlatform({ ...facts, daemons: [...first, second] }, undefined);
      assert.equal(platform.name, "dockerd", fixture);
    }
  });
});

describe("--platform", () => {
  test("overrides what was detected", () => {
    const found = detectPlatform(fixtureFacts("systemd-other"), "systemd");
    assert.equal(found.platform.name, "systemd");
    assert.deepEqual(found.evidence, ["--platform names it"]);
  });

  test("an unknown name is wrong usage and names the known ones", () => {
    assert.throws(
      () => detectPlatform(hostFacts(), "windows-95"),
      (error) =>
        isRegctlError(error, "USAGE") &&
        /"windows-95"/.test(error.facts.problem) &&
        /boot2docker, /.test(error.facts.problem),
    );
  });
});

test("the engine's version 1.9 and the flags of the daemon are read from `docker daemon`", () => {
  const facts = fixtureFacts("boot2docker-1.9");
  assert.equal(daemonOf(facts)?.argv[1], "daemon");
  assert.equal(facts.files["/etc/docker/daemon.json"]?.target, "/etc/docker/daemon.json");
  const kept = fixtureFacts("boot2docker-19.03").files["/etc/docker/daemon.json"];
  assert.equal(kept?.target, "/var/lib/boot2docker/etc/docker/daemon.json");
});
