/** The questions of single commands, on a screen: asked, answered, and broken off. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { makeImage } from "../support/image-maker.ts";
import { startOwnRegistry } from "../support/own-registry.ts";
import { digestAt, pushTree } from "../support/registry-content.ts";
import { noScreen, openScreen, tooLong } from "../support/screen.ts";
import { openCli, type TestCli } from "../support/test-cli.ts";
import { type Answer, refuseAsRegistry, startTinyRegistry } from "../support/tiny-registry.ts";
import { openTunnelPerson } from "../support/tunnel-person.ts";

const image = makeImage();

const wantsAnn: Answer = ({ headers }, response) => {
  if (headers.authorization === `Basic ${Buffer.from("ann:right horse").toString("base64")}`) return false;
  response.setHeader("www-authenticate", 'Basic realm="x"');
  return refuseAsRegistry(response, 401, "UNAUTHORIZED");
};

const envOf = ({ home }: TestCli) => ({ HOME: home, DOCKER_HOST: `unix://${home}/none.sock` });

for (const columns of [80, 60]) {
  describe(`login on ${columns} columns`, { skip: noScreen }, () => {
    it("the password is never on the screen, and is taken", async () => {
      await using registry = await startTinyRegistry({ answer: wantsAnn });
      await using cli = await openCli();
      const args = ["login", registry.host];
      await using screen = await openScreen(args, { columns, env: envOf(cli), cwd: cli.home });
      await screen.shows(`User name for ${registry.host}`);
      await screen.type("ann");
      await screen.press("Enter");
      await screen.shows("Password for ann at");
      await screen.type("right horse");
      await screen.press("Enter");
      const text = await screen.shows("ann is logged in to");
      assert.equal(await screen.ended(), 0);
      assert.ok(!text.includes("horse"), text);
      assert.deepEqual(tooLong(text, columns), []);
      assert.equal((await cli.document("ping", registry.host)).login, "accepted");
    });

    it("Ctrl-C in the middle of the password: 130, and nothing is stored", async () => {
      await using registry = await startTinyRegistry({ answer: wantsAnn });
      await using cli = await openCli();
      const args = ["login", registry.host, "--username", "ann"];
      await using screen = await openScreen(args, { columns, env: envOf(cli), cwd: cli.home });
      await screen.shows("Password for ann at");
      await screen.type("right");
      await screen.press("C-c");
      assert.equal(await screen.ended(), 130);
      assert.ok(!(await screen.text()).includes("right"));
      assert.equal(existsSync(`${cli.home}/.docker/config.json`), false);
      assert.deepEqual(registry.requests, []);
    });
  });

  describe(`the key of a tunnel's server on ${columns} columns`, { skip: noScreen }, () => {
    it("is shown, agreed to and remembered", async () => {
      await using registry = await startOwnRegistry();
      await using person = await openTunnelPerson({ known: false });
      const args = ["tunnel", person.spec, "--to", registry.host, "--local-port", "0", "--ssh", "node"];
      await using screen = await openScreen(args, { columns, env: person.env, cwd: person.home });
      const asked = await screen.shows(/\(y\/N\)/);
      assert.ok(asked.includes(person.server.fingerprints[0] ?? "none"), asked);
      await screen.type("y");
      await screen.press("Enter");
      await screen.shows(/is localhost:\d+ here/);
      await screen.press("C-c");
      assert.equal(await screen.ended(), 130);
      const known = await readFile(`${person.home}/.ssh/known_hosts`, "utf8");
      assert.match(known, new RegExp(`^\\[127\\.0\\.0\\.1\\]:${person.server.port} `, "m"));
    });

    for (const [answer, keys, code] of [
      ["Ctrl-C", ["C-c"], 130],
      ["no", ["Enter"], 2],
    ] as const) {
      it(`${answer}: ${code}, no connection, and nothing is remembered`, async () => {
        await using person = await openTunnelPerson({ known: false });
        const args = ["tunnel", person.spec, "--ssh", "node"];
        await using screen = await openScreen(args, { columns, env: person.env, cwd: person.home });
        await screen.shows(/\(y\/N\)/);
        await screen.press(...keys);
        assert.equal(await screen.ended(), code);
        assert.equal(await readFile(`${person.home}/.ssh/known_hosts`, "utf8"), "");
        assert.deepEqual(person.server.methods, []);
      });
    }
  });

  describe(`what delete asks on ${columns} columns`, { skip: noScreen }, () => {
    const tags = ["pr-1", "pr-2", "stable"];

    it("names what goes, and deletes it alone", async () => {
      await using registry = await startOwnRegistry();
      await using cli = await openCli();
      await pushTree(registry.host, "team/app", tags, image);
      const args = ["delete", `${registry.host}/team/app:pr-*`];
      await using screen = await openScreen(args, { columns, env: envOf(cli), cwd: cli.home });
      const asked = await screen.shows(/Delete these 2 tags\? \(y\/N\)/);
      for (const tag of ["pr-1", "pr-2"]) assert.ok(asked.includes(`/team/app:${tag}`), asked);
      assert.ok(!asked.includes(":stable"));
      await screen.type("y");
      await screen.press("Enter");
      assert.equal(await screen.ended(), 0);
      const { items } = await cli.document("tags", `${registry.host}/team/app`);
      assert.deepEqual(
        (items as readonly { readonly tag: string }[]).map(({ tag }) => tag),
        ["stable"],
      );
    });

    it("Ctrl-C: 130, and everything is there", async () => {
      await using registry = await startOwnRegistry();
      await using cli = await openCli();
      await pushTree(registry.host, "team/app", tags, image);
      const args = ["delete", `${registry.host}/team/app:pr-*`];
      await using screen = await openScreen(args, { columns, env: envOf(cli), cwd: cli.home });
      await screen.shows(/Delete these 2 tags\? \(y\/N\)/);
      await screen.type("y");
      await screen.press("C-c");
      assert.equal(await screen.ended(), 130);
      for (const tag of tags)
        assert.equal(await digestAt(registry.host, "team/app", tag), image.manifest.digest);
    });
  });
}
