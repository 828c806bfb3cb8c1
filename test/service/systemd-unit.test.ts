import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { quoteForSystemd, renderUnit } from "../../src/service/systemd-unit.ts";
import { createTempHome } from "../support/temp-home.ts";

const run = promisify(execFile);
const withoutSystemd: string | false = await run("systemd-analyze", ["--version"]).then(
  () => false,
  () => "systemd-analyze is not installed",
);

const facts = {
  description: "A registry, 100% real",
  argv: ["/bin/echo", "--listen", "127.0.0.1:5000", "--storage", "/srv/my registry", 'a"b\\c$HOME%n'],
  writes: null,
  folder: "regctl",
  asRoot: false,
  lowPort: false,
};

test("words are quoted so that systemd changes nothing in them", () => {
  assert.equal(quoteForSystemd("--listen"), "--listen");
  assert.equal(quoteForSystemd("/srv/my registry"), '"/srv/my registry"');
  assert.equal(quoteForSystemd("100%"), "100%%");
  assert.equal(quoteForSystemd("a$HOME"), "a$$HOME");
  assert.equal(quoteForSystemd('a"b\\'), '"a\\"b\\\\"');
  assert.equal(quoteForSystemd(""), '""');
});

test("a unit of the machine has a user of its own, or root without powers; one of a user claims nothing", () => {
  const own = renderUnit(facts, "system");
  assert.match(own, /^DynamicUser=yes$/m);
  assert.match(own, /^CapabilityBoundingSet=$/m);
  assert.match(own, /^WantedBy=multi-user\.target$/m);
  const named = renderUnit({ ...facts, writes: "/srv/my registry", asRoot: true, lowPort: true }, "system");
  assert.doesNotMatch(named, /DynamicUser/);
  assert.match(named, /^ReadWritePaths="\/srv\/my registry"$/m);
  assert.match(named, /^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m);
  const user = renderUnit(facts, "user");
  assert.doesNotMatch(user, /DynamicUser|CapabilityBoundingSet|ProtectSystem/);
  assert.match(user, /^WantedBy=default\.target$/m);
});

test("a user's unit takes variables along, to the letter", () => {
  const environment = { XDG_STATE_HOME: "/home/me/my $state 100%", DOCKER_HOST: "ssh://ann@box" };
  const lines = renderUnit({ ...facts, environment }, "user").match(/^Environment=.*$/gm);
  assert.deepEqual(lines, [
    'Environment="XDG_STATE_HOME=/home/me/my $state 100%%"',
    "Environment=DOCKER_HOST=ssh://ann@box",
  ]);
});

test("two units share no folder: systemd takes one's away with it", () => {
  const foldersOf = (folder: string) =>
    renderUnit({ ...facts, folder }, "system").match(/^(?:State|Runtime)Directory=.*|XDG_DATA_HOME=\S+/gm);
  const [usual, named] = [foldersOf("regctl"), foldersOf("regctl-serve-0123456789ab")];
  assert.deepEqual(usual, ["StateDirectory=regctl", "XDG_DATA_HOME=/var/lib", "RuntimeDirectory=regctl"]);
  assert.deepEqual(named, [
    "StateDirectory=regctl-serve-0123456789ab",
    "XDG_DATA_HOME=/var/lib/regctl-serve-0123456789ab",
    "RuntimeDirectory=regctl-serve-0123456789ab",
  ]);
});

test("a folder's name brings no settings of its own", () => {
  const unit = renderUnit({ ...facts, description: "in /srv/a\nExecStartPre=/bin/false" }, "system");
  assert.doesNotMatch(unit, /^ExecStartPre/m);
});

test("systemd finds nothing wrong with it", { skip: withoutSystemd }, async () => {
  await using home = await createTempHome();
  await mkdir(join(home.path, "units"));
  for (const scope of ["system", "user"] as const) {
    const path = join(home.path, "units", `regctl-${scope}.service`);
    await writeFile(
      path,
      renderUnit({ ...facts, writes: "/srv/my registry", environment: { A: 'b "c" $d' } }, scope),
    );
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", path]);
    assert.doesNotMatch(stdout + stderr, /regctl-(system|user)/);
  }
});
