/** Which platform a host is, on a fixture of each kind that platforms.md and the issue name. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { assertPlatformName, detectPlatform } from "../../src/platform/detect.ts";
import { daemonOf } from "../../src/platform/facts.ts";
import { insecureRegistries } from "../../src/platform/formats/format.ts";
import { findOwner } from "../../src/platform/owner.ts";
import { namedOnly } from "../../src/platform/platforms/named-only.ts";
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
import { requestsFor } from "./requests.ts";

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
  "rhel-6": ["rhel-sysvinit", /passes \$other_args; .*init\.d\/functions/, "/etc/sysconfig/docker"],
  "rhel-7": ["rhel-docker", /passes \$OPTIONS and \$INSECURE_REGISTRY/, "/etc/docker/daemon.json"],
  "amazon-linux-1": ["amazon-linux", /ID=amzn.*init\.d\/docker sources/, "/etc/docker/daemon.json"],
  "amazon-linux-2": ["amazon-linux", /ID=amzn.*unit.*passes \$OPTIONS$/, "/etc/docker/daemon.json"],
  flatcar: ["flatcar", /ID=flatcar/, "/etc/docker/daemon.json"],
  "alpine-openrc": ["openrc", /OpenRC.*openrc-run/, "/etc/docker/daemon.json"],
  rootless: ["rootless", /name=rootless/, "/home/me/.config/docker/daemon.json"],
  snap: ["snap", /\/snap/, "/var/snap/docker/current/config/daemon.json"],
  "docker-desktop": ["docker-desktop", /calls itself Docker Desktop/, "/home/me/.docker/daemon.json"],
  orbstack: ["orbstack", /calls itself OrbStack/, "/home/me/.orbstack/config/docker.json"],
  colima: ["colima", /named colima/, "/home/me/.colima/default/colima.yaml"],
};

/** Platforms that are only recognised: evidence, and what stands in the lines to paste. */
const recognised: Readonly<Record<string, readonly [name: string, evidence: RegExp, paste: RegExp]>> = {
  "docker-desktop-wsl": [
    "docker-desktop-windows",
    /calls itself Docker Desktop/,
    /USERPROFILE.*docker desktop restart/,
  ],
  lima: ["lima", /named lima-docker/, /limactl shell/],
  "rancher-desktop": [
    "rancher-desktop",
    /calls itself Rancher Desktop/,
    /override\.yaml.*restart Rancher Desktop/,
  ],
  minikube: ["minikube", /Buildroot/, /minikube delete.*--insecure-registry r\.test:5000/],
  synology: ["synology", /synoinfo/, /dockerd\.json.*synopkg restart/],
  rancheros: ["rancheros", /ID=rancheros/, /ros config set/],
  "systemd-other": ["systemd-other", /reads \/opt\/docker\/env/, /daemon\.json/],
};

const elsewhere = ["container-with-socket", "host-pid-container"];

describe("a fixture of each platform", () => {
  test("none is forgotten, each says where it comes from", () => {
    const folders = [...Object.keys(written), ...Object.keys(recognised), ...elsewhere, "no-engine"];
    assert.deepEqual(fixtureNames, folders.sort());
    for (const name of fixtureNames) assert.ok(existsSync(`${fixtureFolder}/${name}/SOURCE`), name);
    const names = new Set(Object.values({ ...written, ...recognised }).map(([name]) => name));
    const told = platforms.filter((platform) => !namedOnly.some((each) => each === platform));
    assert.deepEqual([...names].sort(), told.map(({ name }) => name).sort(), "a fixture for each row");
  });

  for (const [fixture, [name, evidence, path]] of Object.entries(written)) {
    test(`${fixture} is ${name}`, () => {
      const facts = freezeDeep(fixtureFacts(fixture));
      const found = detectPlatform(facts, undefined);
      assert.equal(found.platform.name, name);
      assert.match(found.evidence.join("; "), evidence);
      assert.ok(found.platform.kind === "written");
      assert.equal(findOwner(found.facts, found.platform, insecureRegistries).source.path, path);
    });
  }

  for (const [fixture, [name, evidence, paste]] of Object.entries(recognised)) {
    test(`${fixture} is ${name}, and a person is told what to do`, () => {
      const found = detectPlatform(fixtureFacts(fixture), undefined);
      assert.equal(found.platform.name, name);
      assert.match(found.evidence.join("; "), evidence);
      assert.ok(found.platform.kind === "recognised");
      const asks = requestsFor("r.test:5000");
      const lines = found.platform.paste(asks.insecure);
      assert.match(lines.join(" "), paste);
      const mirrored = found.platform.paste(asks.mirror);
      assert.match(mirrored.join(" "), /registry.mirrors?\b.*https:\/\/r\.test:5000\//);
      const trusts = found.platform.paste(asks.trust);
      assert.match(
        trusts.join("\n"),
        /test -e (\S+\/r\.test:5000\/ca\.crt) \|\| \{ .*'-----BEGIN CERTIFICATE-----'.*tee \1 /,
      );
      const back = found.platform.paste(asks.undo);
      assert.match(back.join(" "), /(take|without|again).*r\.test:5000/);
      // Nothing is put there: the flag and the key stand only in lines that say what goes.
      const adds = back.filter((line) => /\badd\b|\["r\.test:5000"\]/.test(line));
      assert.deepEqual(adds, []);
      for (const line of trusts.filter((each) => !each.startsWith("# ")))
        execFileSync("sh", ["-n", "-c", line]);
      for (const line of [...lines, ...mirrored, ...back]) {
        assert.match(line, /^(# |[a-z])[^\n]*$/, "a line for a shell");
        assert.match(line, /^(?!.*\btee \S+)|^sudo test -e (\S+) \|\| .*\btee \1/, "overwrites no file");
        if (!line.startsWith("# ")) execFileSync("sh", ["-n", "-c", line]);
      }
      assert.match(lines.join(" "), /r\.test:5000/);
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

  test("a container without rights is still a container, in a preview too", () => {
    const facts = fixtureFacts("container-with-socket", { rights: "none" });
    for (const named of [undefined, "systemd"]) {
      assert.throws(
        () => detectPlatform(facts, named),
        (error) => isRegctlError(error, "ENGINE_ELSEWHERE") && /this is a container/.test(error.facts.why),
      );
    }
    // An engine inside of the container itself is seen, though its socket's owner is not.
    const inside = [daemonProcess(["dockerd"], { ownsSocket: "unknown" })];
    assert.equal(detectPlatform({ ...facts, daemons: inside }, "dockerd").platform.name, "dockerd");
  });

  test("naming a platform does not make a container's /etc the engine's", () => {
    const facts = fixtureFacts("container-with-socket");
    assert.throws(
      () => detectPlatform(facts, "systemd"),
      (error) => isRegctlError(error, "ENGINE_ELSEWHERE"),
    );
  });

  test("no engine at all is said before anything else", () => {
    assert.throws(
      () => detectPlatform(fixtureFacts("no-engine"), undefined),
      (error) =>
        isRegctlError(error, "ENGINE_UNREACHABLE") &&
        error.facts.reason === "no dockerd runs there, and there is no /var/run/docker.sock",
    );
  });

  test("a host that nothing recognises: what was seen is told, and the names to choose from", () => {
    assert.throws(
      () => detectPlatform(fixtureFacts("no-engine", { socketExists: true }), undefined),
      (error) =>
        isRegctlError(error, "PLATFORM_UNKNOWN") &&
        error.facts.known.includes("sysvinit") &&
        error.facts.evidence.join("; ") ===
          "os-release ID is debian; init is systemd; no dockerd runs; /var/run/docker.sock is there",
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

  for (const [engine, elsewhere] of [
    [{ name: "lima-web1" }, "lima"],
    [{ name: "colima-build" }, "colima"],
    [{ name: "lima-rancher-desktop" }, "rancher-desktop"],
    [{ operatingSystem: "Buildroot 2023.02.9" }, "minikube"],
  ] as const) {
    test(`a server that is named or built like ${elsewhere} is not taken for it`, () => {
      const ce = fixtureFacts("systemd-docker-ce", { engine: engineFacts(engine) });
      assert.equal(detectPlatform(ce, undefined).platform.name, "systemd");
      const unseen = ce.daemons.map((daemon) => ({ ...daemon, ownsSocket: "unknown" as const }));
      assert.equal(detectPlatform({ ...ce, daemons: unseen }, undefined).platform.name, "systemd");
      const beside = ce.daemons.map((daemon) => ({ ...daemon, ownsSocket: "no" as const }));
      assert.equal(detectPlatform({ ...ce, daemons: beside }, undefined).platform.name, elsewhere);
    });
  }

  test("colima is a name, not the beginning of one", () => {
    const facts = hostFacts({ daemons: [], unit: null, engine: engineFacts({ name: "colimaserver" }) });
    assert.throws(() => detectPlatform(facts, undefined), /no dockerd of this machine/);
  });

  test("inside of minikube's own node, its label tells", () => {
    const engine = engineFacts({ operatingSystem: "Buildroot 2023.02.9", labels: ["provider=kvm2"] });
    assert.equal(detectPlatform(hostFacts({ engine }), undefined).platform.name, "minikube");
  });

  test("a second engine leaves the first one's files alone", () => {
    const facts = fixtureFacts("second-engine");
    const { platform } = detectPlatform(facts, undefined);
    assert.ok(platform.kind === "written");
    assert.equal(daemonOf(facts)?.pid, 4400);
    assert.match(platform.service(facts).reload?.join(" ") ?? "", / && kill -HUP 4400$/);
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

describe("environment files of a unit", () => {
  const ce = fixtureFacts("systemd-docker-ce");
  const unitWith = (execStart: string, ...environmentFiles: readonly string[]) => ({
    ...ce,
    unit: ce.unit && { ...ce.unit, environmentFiles, execStart },
  });

  test("count only where its command line takes a variable", () => {
    const plain = detectPlatform(unitWith("/usr/bin/dockerd -H fd://", "/etc/proxy.env"), undefined);
    assert.equal(plain.platform.name, "systemd");
    assert.match(plain.evidence.join("; "), /passes dockerd no variable/);
    // A dollar sign that is no variable (systemd.service(5)).
    const dollar = unitWith("/usr/bin/dockerd --label price=$$5", "/etc/proxy.env");
    assert.equal(detectPlatform(dollar, undefined).platform.name, "systemd");
    const sysconfig = unitWith("/usr/bin/dockerd -H fd://", "/etc/sysconfig/docker");
    assert.equal(detectPlatform(sysconfig, undefined).platform.name, "systemd");
  });

  for (const variable of ["$OPTS", "\u0024{OPTS}"]) {
    test(`${variable} makes it a unit that is not ours to write`, () => {
      const command = `/usr/bin/dockerd ${variable}`;
      const other = detectPlatform(unitWith(command, "/etc/proxy.env"), undefined);
      assert.equal(other.platform.name, "systemd-other");
      // A variable that is not the distribution's own may mean anything.
      const rhel = detectPlatform(unitWith(command, "/etc/sysconfig/docker"), undefined);
      assert.equal(rhel.platform.name, "systemd-other");
      assert.equal(detectPlatform(unitWith(command), undefined).platform.name, "systemd");
    });
  }
});

describe("--platform", () => {
  test("overrides what was detected", () => {
    const found = detectPlatform(fixtureFacts("systemd-other"), "systemd");
    assert.equal(found.platform.name, "systemd");
    assert.deepEqual(found.evidence, ["--platform names it"]);
  });

  test("an unknown name is wrong usage and names the known ones", () => {
    assert.throws(
      () => detectPlatform(hostFacts(), "beos"),
      (error) =>
        isRegctlError(error, "USAGE") &&
        /"beos"/.test(error.facts.problem) &&
        /boot2docker, /.test(error.facts.problem) &&
        error.facts.type === undefined,
    );
  });

  test("is judged without a host, and a slip is put right", () => {
    for (const { name } of platforms) assert.doesNotThrow(() => assertPlatformName(name));
    assert.throws(
      () => assertPlatformName("sytemd"),
      (error) => isRegctlError(error, "USAGE") && error.facts.type === "--platform systemd",
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
