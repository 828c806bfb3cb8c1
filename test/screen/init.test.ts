/** `regctl init` as a person meets it: asked, shown, agreed, done. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { startOwnRegistry } from "../support/own-registry.ts";
import { noScreen, openScreen, type Screen, tooLong } from "../support/screen.ts";
import { openCli } from "../support/test-cli.ts";
import { openTunnelPerson } from "../support/tunnel-person.ts";

/** A folder for PATH with a shell and nothing else; with `systemd`, also a systemctl that says yes to everything. */
async function makePath(home: string, systemd: boolean): Promise<string> {
  const path = `${home}/few`;
  await mkdir(path);
  await symlink("/bin/sh", `${path}/sh`);
  if (!systemd) return path;
  await writeFile(`${path}/systemctl`, "#!/bin/sh\nexit 0\n");
  await chmod(`${path}/systemctl`, 0o755);
  return path;
}

async function settingsOf(home: string): Promise<{ defaultRegistry?: string } | null> {
  const path = `${home}/.config/regctl/config.json`;
  return existsSync(path) ? JSON.parse(await readFile(path, "utf8")) : null;
}

const planned = /Do this\? \(y\/N\)/;

for (const columns of [80, 60]) {
  describe(`init on ${columns} columns`, { skip: noScreen }, () => {
    const narrow = async (screen: Screen) => assert.deepEqual(tooLong(await screen.text(), columns), []);

    it("an address: a slip is told and asked about again", async () => {
      await using registry = await startOwnRegistry();
      await using cli = await openCli();
      const env = { HOME: cli.home, DOCKER_HOST: `unix://${cli.home}/none.sock` };
      await using screen = await openScreen(["init"], { columns, env, cwd: cli.home });
      const menu = await screen.shows("Where is your registry?");
      assert.match(menu, /> at an address that I know\n +on a server .*\n +nowhere yet/);
      await screen.press("Enter");
      await screen.shows("Its address, as HOST or HOST:PORT");
      await screen.type("under_score:5000");
      await screen.press("Enter");
      await screen.shows(/▲ "under_score:5000"[\s\S]*\n\? Its address/);
      await screen.type(registry.host);
      await screen.press("Enter");
      const plan = await screen.shows(planned);
      assert.ok(plan.includes(`$ regctl use ${registry.host}`), plan);
      assert.equal(await settingsOf(cli.home), null);
      await narrow(screen);
      await screen.type("y");
      await screen.press("Enter");
      await screen.shows(`${registry.host} is your default registry.`);
      assert.equal(await screen.ended(), 0);
      await narrow(screen);
      assert.equal((await settingsOf(cli.home))?.defaultRegistry, registry.host);
    });

    it("none yet: served from here, in the background", async () => {
      await using cli = await openCli();
      const env = {
        HOME: cli.home,
        DOCKER_HOST: `unix://${cli.home}/none.sock`,
        PATH: await makePath(cli.home, true),
      };
      await using screen = await openScreen(["init", "--port", "0"], { columns, env, cwd: cli.home });
      await screen.shows("Where is your registry?");
      await screen.press("Down", "Down", "Enter");
      const asked = await screen.shows("How long is it to run?");
      assert.match(asked, /> until this machine stops\n +always: systemd starts it again/);
      await screen.press("Enter");
      const plan = await screen.shows(planned);
      assert.match(plan, /\$ regctl serve --listen 127\.0\.0\.1:0 --detach\n/);
      await narrow(screen);
      await screen.type("y");
      await screen.press("Enter");
      try {
        const done = await screen.shows(/127\.0\.0\.1:\d+ is your default registry\./);
        assert.match(done, /regctl serve stop/);
        assert.equal(await screen.ended(), 0);
        await narrow(screen);
        assert.equal((await cli.document("ping")).login, "not-needed");
      } finally {
        await cli.run(["serve", "stop", "--progress", "none"]);
      }
    });

    it("a server: its key is asked about, then its registry is the default one", async () => {
      await using registry = await startOwnRegistry();
      await using person = await openTunnelPerson({ known: false });
      const args = ["init", "--to", registry.host, "--port", "0", "--ssh", "node"];
      await using screen = await openScreen(args, { columns, env: person.env, cwd: person.home });
      await screen.shows("Where is your registry?");
      await screen.press("Down", "Enter");
      await screen.shows("The server, as USER@HOST");
      await screen.type(person.spec);
      await screen.press("Enter");
      // Where systemd keeps services for this user, that is asked, too.
      if (/How long/.test(await screen.shows(/Do this|How long/))) await screen.press("Enter");
      const plan = await screen.shows(planned);
      assert.match(plan, /\$ regctl tunnel tester@127\.0\.0\.1:\d+ --to 127/);
      assert.match(plan, /\$ regctl use localhost:PORT/);
      await screen.type("y");
      await screen.press("Enter");
      await screen.shows(/SHA256:[\s\S]*\(y\/N\)/);
      await screen.type("y");
      await screen.press("Enter");
      await screen.shows(/localhost:\d+ is your default registry\./);
      assert.equal(await screen.ended(), 0);
      const { registry: now } = await person.document("ping");
      assert.match(String(now), /^localhost:\d+$/);
    });

    it("Ctrl-C at any question: 130, and nothing was changed", async () => {
      await using cli = await openCli();
      const env = {
        HOME: cli.home,
        DOCKER_HOST: `unix://${cli.home}/none.sock`,
        PATH: await makePath(cli.home, false),
      };
      const start = () => openScreen(["init", "--port", "0"], { columns, env, cwd: cli.home });
      const untouched = async (screen: Screen) => {
        await screen.press("C-c");
        assert.equal(await screen.ended(), 130);
        assert.equal(await settingsOf(cli.home), null);
        assert.equal((await cli.run(["serve", "status"])).code, 5);
      };
      {
        await using screen = await start();
        await screen.shows("Where is your registry?");
        await untouched(screen);
      }
      {
        await using screen = await start();
        await screen.shows("Where is your registry?");
        await screen.press("Down", "Enter");
        await screen.shows("The server, as USER@HOST");
        await screen.type("ann@ser");
        await untouched(screen);
      }
      {
        await using screen = await start();
        await screen.shows("Where is your registry?");
        await screen.press("Down", "Down", "Enter");
        await screen.shows(planned);
        await untouched(screen);
      }
    });

    it("without letters beyond ASCII where the terminal has none", async () => {
      await using cli = await openCli();
      const env = { HOME: cli.home, DOCKER_HOST: `unix://${cli.home}/none.sock`, LANG: "C", LC_ALL: "C" };
      const plain = { ...env, PATH: await makePath(cli.home, true) };
      await using screen = await openScreen(["init", "--port", "0"], { columns, env: plain, cwd: cli.home });
      await screen.shows("Where is your registry?");
      await screen.press("Down", "Down", "Enter");
      await screen.shows("How long is it to run?");
      await screen.press("Enter");
      const text = await screen.shows(planned);
      assert.match(text, /^\+ Where is your registry\? nowhere yet/m);
      assert.doesNotMatch(text, /[^\p{ASCII}]/u);
    });

    it("no is an answer", async () => {
      await using cli = await openCli();
      const env = { HOME: cli.home, DOCKER_HOST: `unix://${cli.home}/none.sock` };
      const args = ["init", "--serve", "--port", "0"];
      await using screen = await openScreen(args, { columns, env, cwd: cli.home });
      await screen.shows(planned);
      await screen.press("Enter");
      assert.equal(await screen.ended(), 3);
      assert.equal(await settingsOf(cli.home), null);
    });
  });
}
