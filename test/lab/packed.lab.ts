/** The package as a person gets it: the tarball, installed by npm on a machine that has nothing else of ours. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { after, before, describe, it } from "node:test";
import { packPackage } from "../../scripts/pack.ts";
import { makeLayout } from "../acceptance/make-layout.ts";
import { repository } from "../support/run-cli.ts";
import { tooLong } from "../support/screen.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";
import { type CleanRoot, type CleanUser, homes, openCleanRoot } from "./clean-root.ts";
import type { Finished } from "./command.ts";
import { linkNpm, noNpm, placeNpm } from "./own-npm.ts";
import { openLab } from "./prerequisites.ts";

const ability = await openLab();
const skip = ability.can ? noNpm : ability.reason;

/** Root installs where Node.js is; an ordinary user has a folder of their own for it. */
const prefixOf: Readonly<Record<CleanUser, string | null>> = { root: null, nosudo: "~/.local" };

for (const user of ["nosudo", "root"] as const) {
  describe(`the packed tarball, as ${user}`, { skip, timeout: 300_000 }, () => {
    let made: TempHome;
    let machine: CleanRoot;
    let tarball: string;

    before(async () => {
      made = await createTempHome();
      const packed = await packPackage(made.path);
      await makeLayout(`${made.path}/image`);
      tarball = `~/${basename(packed)}`;
      machine = await openCleanRoot({
        network: "loopback",
        placed: [
          ...placeNpm(process.execPath),
          { how: "copied", from: packed, to: `${homes[user]}/${basename(packed)}`, owner: user },
          { how: "copied", from: `${made.path}/image`, to: `${homes[user]}/image`, owner: user },
        ],
      });
      assert.equal((await machine.type("root", linkNpm)).code, 0);
    });
    after(async () => {
      await machine?.[Symbol.asyncDispose]();
      await made?.[Symbol.asyncDispose]();
    });

    /** As one types it after the installation. */
    const type = (line: string): Promise<Finished> => machine.type(user, `PATH=~/.local/bin:$PATH; ${line}`);

    /** Ends well, in letters that every terminal has, on 80 columns. Gives both streams. */
    async function must(line: string): Promise<string> {
      const { code, stdout, stderr } = await type(line);
      const told = stdout + stderr;
      assert.equal(code, 0, `${line}: ${told}`);
      assert.doesNotMatch(told, /[^\p{ASCII}]/u, line);
      return told;
    }

    it("npm i -g, without a network", async () => {
      const prefix = prefixOf[user];
      if (prefix !== null) await must(`npm config set prefix ${prefix}`);
      assert.match(await must(`npm i -g ${tarball}`), /^added 1 package in /m);
      const { version } = JSON.parse(await readFile(`${repository}/package.json`, "utf8"));
      for (const name of ["regctl", "docker-regctl"]) {
        assert.ok((await must(`${name} --version`)).startsWith(`regctl ${version} (Node.js `));
      }
    });

    it("npx runs it, too", async () => {
      assert.match(await must(`npx --yes --package ${tarball} docker-regctl --version`), /^regctl \d/);
    });

    it("regctl alone says what to do next", async () => {
      assert.match(await must("regctl"), /regctl (init|quickstart|serve)/);
    });

    it("quickstart: every step, and nothing stays", async () => {
      const told = await must("regctl quickstart");
      for (const word of ["serve", "publish", "search", "tags", "inspect", "copy", "pull", "doctor"]) {
        assert.match(told, new RegExp(`^\\$ regctl ${word} `, "m"));
      }
      assert.match(told, /Published, found, copied and fetched again:\n {2}sha256:[0-9a-f]{64}$/m);
      // A name with its digest is longer than that, and is there to be copied.
      const long = tooLong(told, 80).filter((line) => !line.includes("sha256:"));
      assert.deepEqual(long, []);
      // npm keeps compiled code of its own there.
      assert.doesNotMatch(await must("ls -A /tmp"), /regctl/);
      assert.equal((await type("regctl serve status")).code, 5);
    });

    it("init without a person, and then an image goes in and comes back", async () => {
      assert.match(await must("regctl init --serve --yes"), /127\.0\.0\.1:5000 is your default registry/);
      await must("regctl publish oci:image:single team/app:1.0");
      assert.match(await must("regctl search app"), /^team\/app /m);
      assert.match(await must("regctl tags team/app"), /^1\.0 /m);
      await must("regctl pull team/app:1.0 --output oci:back");
      // The engine's programs are there, and nobody has started one.
      const { code, stdout } = await type("regctl doctor");
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^\+ api: A registry answers/m);
      assert.match(stdout, /Most probably: The engine does not answer/);
    });

    it("the tab key: installed, and asked by bash", async () => {
      const told = await must("regctl completion install --json --progress none");
      const { path } = JSON.parse(told);
      const press = 'COMP_LINE="regctl publ"; COMP_POINT=11; _regctl; echo "$COMPREPLY"';
      assert.equal(await must(`bash -c '. ${path}; ${press}'`), "publish\n");
    });

    it("the plugin: docker finds it, and runs it", async () => {
      await must("regctl plugin install");
      assert.match(await must("docker regctl --version"), /^regctl \d/);
      assert.match(await must("docker --help"), /^ +regctl\* /m);
      assert.match(await must("docker regctl tags team/app"), /^1\.0 /m);
      await must("regctl plugin uninstall");
    });

    it("and it goes as it came", async () => {
      await must("regctl serve stop");
      await must("npm rm -g docker-regctl");
      assert.equal((await type("regctl --version")).code, 127);
      // The first process, the shell that asks, and what it runs.
      assert.deepEqual(
        (await machine.type("root", "ps -e -o comm=")).stdout.match(/^(node|regctl).*$/gm),
        null,
      );
    });
  });
}
