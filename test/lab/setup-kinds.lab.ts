/** Setup, status and undo on every kind of host, over SSH, beside a container that must live through all of it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { HostOutcome } from "../../src/platform/outcome.ts";
import type { Finished } from "./command.ts";
import { registriesOf } from "./conduct.ts";
import {
  bytesOf,
  daemonPidOf,
  exchangesImages,
  liveRestoreOf,
  lookAt,
  shell,
  startSurvivor,
  survivorPidOf,
} from "./engine-state.ts";
import { type LabHost, type LabKind, startHost, startRegistry } from "./lab.ts";
import { openLab } from "./prerequisites.ts";
import { errorOf, hostOf, openPerson, type Person, statusOf } from "./regctl-over-ssh.ts";
import type { LabRegistry } from "./registry.ts";

const ability = await openLab();
const skip = ability.can ? false : ability.reason;

const daemonJson = "/etc/docker/daemon.json";
const dropIn = "/etc/systemd/system/docker.service.d/10-registry.conf";
const profile = "/var/lib/boot2docker/profile";
const old = "old.example:5000";

/** SOURCE: written by hand after docker/machine libmachine/provision/boot2docker.go: one text of many lines. */
const machineProfile = `
EXTRA_ARGS='
--label provider=virtualbox
--label purpose=lab
--insecure-registry ${old}

'
CACERT=/var/lib/boot2docker/ca.pem
`;

/** One way in which a host has its list, and what telling it must look like. */
interface Course {
  readonly platform: string;
  readonly owner: "none" | "flags";
  readonly path: string;
  /** A shell script that makes the host so, and has the engine run with it. */
  readonly arrange?: string;
}

const plain = (platform: string): Course => ({ platform, owner: "none", path: daemonJson });
const flags = (platform: string, path: string): Course => ({ platform, owner: "flags", path });

const options = `echo 'DOCKER_OPTS="--insecure-registry ${old}"' >>/etc/default/docker`;
const confD = `echo 'DOCKER_OPTS="$DOCKER_OPTS --insecure-registry ${old}"' >>/etc/conf.d/docker`;
const asMachine = `cat >${profile} <<'END'\n${machineProfile}END\n/etc/init.d/docker restart`;

const courses: Readonly<Record<LabKind, readonly Course[]>> = {
  systemd: [
    plain("systemd-docker.io"),
    {
      ...flags("systemd-docker.io", "/etc/default/docker"),
      arrange: `${options}; systemctl restart docker`,
    },
  ],
  "systemd-ce": [plain("systemd")],
  "systemd-flags": [flags("systemd", dropIn)],
  sysvinit: [
    plain("sysvinit"),
    { ...flags("sysvinit", "/etc/default/docker"), arrange: `${options}; service docker restart` },
  ],
  boot2docker: [plain("boot2docker"), { ...flags("boot2docker", profile), arrange: asMachine }],
  openrc: [
    plain("openrc"),
    { ...flags("openrc", "/etc/conf.d/docker"), arrange: `${confD}; rc-service docker restart` },
  ],
  bare: [plain("dockerd")],
  sid: [plain("systemd-docker.io")],
  "sid-store": [plain("systemd-docker.io")],
};

/** A host with its registry, and a person who runs setup on it. */
interface Scene {
  readonly host: LabHost;
  readonly registry: LabRegistry;
  setup(...args: readonly string[]): Promise<Finished>;
}

describe("setup on every kind of host", { skip, concurrency: 3, timeout: 300_000 }, () => {
  for (const kind of Object.keys(courses) as LabKind[])
    describe(kind, { concurrency: 1 }, () => describeKind(kind));
});

function describeKind(kind: LabKind): void {
  let host: LabHost;
  let person: Person;
  let scene: Scene;
  before(async () => {
    host = await startHost(kind);
    person = await openPerson(host);
    const registry = await startRegistry(host);
    const setup: Scene["setup"] = (...args) =>
      person.regctl(["setup", ...args, "--on", host.name, "--json", "--progress", "none"]);
    scene = { host, registry, setup };
  });
  after(async () => {
    await person?.leave();
    await host?.stop();
  });

  for (const course of courses[kind]) {
    const how = course.owner === "flags" ? "by a restart that stops nothing" : "by reload";
    it(`is told in ${course.path} ${how}, and forgets`, () => runCourse(scene, course));
  }
  if (kind === "boot2docker") it("remembers over a reboot", () => survivesReboot(scene));
  if (kind === "systemd") it("keeps what else is true of daemon.json", () => keepsTheFile(scene));
  if (kind === "systemd-flags") it("asks before a restart that stops containers", () => asksFirst(scene));
}

async function runCourse(scene: Scene, course: Course): Promise<void> {
  const { host, registry, setup } = scene;
  const { arrange, ...expected } = course;
  if (arrange !== undefined) await shell(host, arrange);
  const running = await startSurvivor(host);
  const [untouched, bytes, listed] = [await lookAt(host), await bytesOf(host), await registriesOf(host)];
  assert.equal(await exchangesImages(host, registry.address), false);

  const dry = hostOf(await setup("insecure", registry.address, "--dry-run", "--exit-code"), 10);
  assert.partialDeepStrictEqual(dry, { ...expected, changed: true, proved: false, backup: null });
  assert.equal(await lookAt(host), untouched);

  const daemon = await daemonPidOf(host);
  const done = hostOf(await setup("insecure", registry.address));
  checkDone(done, dry, course);
  const reloaded = course.owner === "none";
  assert.equal((await daemonPidOf(host)) === daemon, reloaded, "the daemon's pid");
  assert.equal(await survivorPidOf(host), running);
  assert.equal(await liveRestoreOf(host), !reloaded);
  assert.deepEqual((await registriesOf(host)).toSorted(), [...listed, registry.address].toSorted());
  assert.equal(await exchangesImages(host, registry.address), true);

  await checkAlready(scene, course);
  const now = await daemonPidOf(host);
  const undone = hostOf(await setup("undo", registry.address));
  assert.partialDeepStrictEqual(undone, { changed: true, proved: true, applied: done.applied });
  assert.equal((await daemonPidOf(host)) === now, reloaded, "the daemon's pid");
  assert.equal(await survivorPidOf(host), running);
  assert.equal(await bytesOf(host), bytes);
  assert.equal(await liveRestoreOf(host), false);
  assert.deepEqual((await registriesOf(host)).toSorted(), listed.toSorted());
  await checkNothingLeft(scene);
}

function checkDone(done: HostOutcome, dry: HostOutcome, course: Course): void {
  const applied = course.owner === "flags" ? "restart" : "reload";
  assert.partialDeepStrictEqual(done, { changed: true, proved: true, applied, path: course.path });
  assert.deepEqual(done.warnings, []);
  assert.deepEqual([done.steps, done.diff, done.evidence], [dry.steps, dry.diff, dry.evidence]);
  const stops = done.steps.flatMap((step) => (step.kind === "restart" ? [step.stops] : []));
  assert.deepEqual(new Set(stops), new Set(course.owner === "flags" ? [0] : []));
}

/** A second run says so and touches nothing; status shows the same. */
async function checkAlready({ host, registry, setup }: Scene, course: Course): Promise<void> {
  const before = await lookAt(host);
  const again = hostOf(await setup("insecure", registry.address));
  assert.partialDeepStrictEqual(again, {
    changed: false,
    applied: "none",
    proved: true,
    nothing: "already",
    steps: [],
    diff: "",
    backup: null,
  });
  const status = statusOf(await setup("status", registry.address));
  assert.deepEqual(status.registries, [{ registry: registry.address, configured: true, effective: true }]);
  assert.partialDeepStrictEqual(status, {
    platform: course.platform,
    path: course.path,
    owner: course.owner === "flags" ? "flags" : "file",
    restartStops: course.owner === "flags" ? 0 : 1,
    problem: null,
  });
  assert.equal(await lookAt(host), before);
}

async function checkNothingLeft({ host, registry, setup }: Scene): Promise<void> {
  const before = await lookAt(host);
  const again = hostOf(await setup("undo", registry.address));
  assert.partialDeepStrictEqual(again, { changed: false, applied: "none", nothing: "not-there" });
  assert.equal(await lookAt(host), before);
}

/** What docker-machine wrote goes on to count, and our line is on the disk that stays. */
async function survivesReboot({ host, registry, setup }: Scene): Promise<void> {
  assert.equal(hostOf(await setup("insecure", registry.address)).proved, true);
  await host.reboot();
  const expected = [old, registry.address].toSorted();
  assert.deepEqual((await registriesOf(host)).toSorted(), expected);
  const labels = JSON.parse(await shell(host, "docker info -f '{{json .Labels}}'"));
  assert.deepEqual(labels, ["provider=virtualbox", "purpose=lab"]);
  const profileNow = await shell(host, `cat ${profile}`);
  assert.equal(profileNow.startsWith(machineProfile), true, profileNow);
  const { nothing } = hostOf(await setup("insecure", registry.address));
  assert.equal(nothing, "already");
  assert.equal(hostOf(await setup("undo", registry.address)).proved, true);
  assert.equal(await shell(host, `cat ${profile}`), machineProfile);
}

/** A file as nobody would write it: tabs, no last newline, another owner, mode 0600, behind two links. */
async function keepsTheFile({ host, registry, setup }: Scene): Promise<void> {
  const text = '{\n\t"labels": ["purpose=lab"],\n\t"max-concurrent-downloads" :7\n}';
  const facts =
    "stat -c '%a %u:%g' /srv/docker/real.json; readlink /etc/docker/daemon.json /srv/docker/link.json";
  await shell(
    host,
    `sed -i /DOCKER_OPTS=.--insecure/d /etc/default/docker; systemctl restart docker
    mkdir -p /srv/docker; printf %s '${text}' >/srv/docker/real.json
    chown 1234:4321 /srv/docker/real.json; chmod 600 /srv/docker/real.json
    ln -s real.json /srv/docker/link.json; ln -s ../../srv/docker/link.json ${daemonJson}`,
  );
  const running = await startSurvivor(host);
  const before = await shell(host, facts);
  assert.equal(hostOf(await setup("insecure", registry.address)).proved, true);
  assert.equal(
    await shell(host, "cat /srv/docker/real.json"),
    text.replace("7\n}", `7,\n\t"insecure-registries": ["${registry.address}"]\n}`),
  );
  assert.equal(await shell(host, facts), before);
  // The engine read the whole file, also what it had not read before.
  assert.equal(await shell(host, "docker info -f '{{json .Labels}}'"), '["purpose=lab"]\n');
  assert.equal(hostOf(await setup("undo", registry.address)).proved, true);
  assert.equal(await shell(host, "cat /srv/docker/real.json"), text);
  assert.equal(await shell(host, facts), before);
  assert.equal(await survivorPidOf(host), running);
}

/** In a swarm live-restore cannot be, so a restart stops what runs: only with --allow-restart. */
async function asksFirst({ host, registry, setup }: Scene): Promise<void> {
  await shell(host, `docker swarm init --advertise-addr ${host.address}`);
  const running = await startSurvivor(host);
  const untouched = await lookAt(host);
  const error = errorOf(await setup("insecure", registry.address, "--yes"), 2);
  assert.equal(error.code, "MISSING_ANSWER");
  assert.match(error.remedies.join("\n"), /--allow-restart/);
  assert.equal(await lookAt(host), untouched);
  assert.equal(await survivorPidOf(host), running);

  const done = hostOf(await setup("insecure", registry.address, "--allow-restart"));
  assert.partialDeepStrictEqual(done, { changed: true, applied: "restart", proved: true });
  const stops = done.steps.flatMap((step) => (step.kind === "restart" ? [step.stops] : []));
  assert.equal(stops.at(-1), 1);
  assert.equal(await survivorPidOf(host), 0);
  assert.equal(await exchangesImages(host, registry.address), true);
}
