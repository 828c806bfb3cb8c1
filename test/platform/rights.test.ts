/** Becoming root, by a sudo that is a script: what it reads and what it leaves for the command. No root needed. */
import assert from "node:assert/strict";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { isRegctlError } from "../../src/errors.ts";
import { applyEdit } from "../../src/platform/host-files.ts";
import { parseFrames } from "../../src/platform/parse-frames.ts";
import { acquireRoot, privilegedHost, withBestRights } from "../../src/platform/rights.ts";
import type { Host, Spawn } from "../../src/ports.ts";
import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome, type TempHome } from "../support/temp-home.ts";

const timeout = 60_000;
const password = "it's a secret";

/** A sudo that wants the password or finds that it needs none; without `-S` it refuses. */
const sudoScript = (asks: boolean) => `#!/bin/sh
stdin=
while [ "$1" != -- ]; do [ "$1" = -S ] && stdin=1; shift; done
shift
[ -n "$stdin" ] || { echo "sudo: a password is required" >&2; exit 1; }
${asks ? `IFS= read -r word; [ "$word" = "${password}" ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }` : ""}
exec "$@"
`;

const here = createLocalHost(spawn);
const shells = ["sh", "bash", "busybox"];
const paths = await Promise.all(
  shells.map(async (name) =>
    (await here.run(["sh", "-c", 'command -v "$1"', "sh", name])).stdout.toString().trim(),
  ),
);

/** This machine with programs of its own before the others; `sh` is the given one. */
async function hostWith(
  home: TempHome,
  programs: Readonly<Record<string, string>>,
  shell: string,
): Promise<Host> {
  for (const [name, script] of Object.entries(programs))
    await writeFile(`${home.path}/${name}`, script, { mode: 0o755 });
  await symlink(shell, `${home.path}/sh`);
  const env = { PATH: `${home.path}:${process.env.PATH}` };
  const withPath: Spawn = (argv, options) => spawn(argv, { env: { ...env, ...options?.env } });
  return createLocalHost(withPath);
}

for (const [index, shell] of shells.entries()) {
  const path = paths[index] ?? "";
  describe(`a sudo password, by ${shell}`, {
    timeout,
    skip: path === "" ? `${shell} is not installed` : false,
  }, () => {
    for (const asks of [true, false]) {
      const title = asks ? "sudo reads it" : "sudo needs none and leaves it unread";
      test(`${title}: the command gets its own input, to the byte`, async () => {
        await using home = await createTempHome();
        const host = await hostWith(home, { sudo: sudoScript(asks) }, path);
        const root = privilegedHost(host, { password });
        const input = Buffer.from(` first\\n\u0000\r\n\n${"x".repeat(200_000)}\n \u00e9 no end`);
        const { code, stdout } = await root.run(["cat"], { input });
        assert.deepEqual([code, stdout.equals(input)], [0, true]);
        assert.equal((await root.run(["cat"])).stdout.toString(), "");
        assert.equal(
          (await root.run(["sh", "-c", 'printf "%s|" "$@"; exit 3', "x", "a b", "", "*"])).code,
          3,
        );
        const stream = await root.open(["cat"]);
        stream.end(input);
        assert.equal(await text(stream), input.toString());
      });

      test(`${title}: what is written to a file is the file`, async () => {
        await using home = await createTempHome();
        const host = await hostWith(home, { sudo: sudoScript(asks) }, path);
        const root = await acquireRoot(host, "me", async () => password, []);
        const target = `${home.path}/daemon.json`;
        const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
        await applyEdit(root, { path: target, target, before: null, after: "{}\n", mode: "644", uid, gid });
        assert.equal(await readFile(target, "utf8"), "{}\n");
      });
    }

    test("an input that is cut before it begins runs nothing", async () => {
      await using home = await createTempHome();
      const host = await hostWith(home, { sudo: sudoScript(false) }, path);
      const cut: Host = { ...host, run: (argv) => host.run(argv, { input: `${password}\n` }) };
      const { code, stdout } = await privilegedHost(cut, { password }).run(["echo", "ran"]);
      assert.deepEqual([code, stdout.toString()], [1, ""]);
    });

    test("a login and a locale with letters beyond ASCII: the frames are whole", async (context) => {
      if (shell === "busybox") return context.skip("it prefers its own id to any on the PATH");
      await using home = await createTempHome();
      const id = '#!/bin/sh\n[ "$1" = -un ] && echo jürgen || echo 1000\n';
      const host = await hostWith(home, { id, sudo: "#!/bin/sh\nexit 1\n" }, path);
      const argv = withBestRights(["sh", "-c", 'printf "locale %d\\n%s\\nend 2\\nok\\n" 7 "$LC_ALL"']);
      const { stdout } = await host.run(["env", "LC_ALL=C.UTF-8", ...argv]);
      const frames = parseFrames(stdout) ?? assert.fail(`no frames: ${stdout}`);
      const shown = frames.map(({ name, bytes }) => `${name} ${bytes}`);
      const named = shown.filter((each) => !each.startsWith("home "));
      assert.deepEqual(named.slice(0, 3), ["login jürgen", "rights none", "locale C.UTF-8"]);
    });
  });
}

test("a wrong password is tried once, and nothing is run", async () => {
  await using home = await createTempHome();
  const host = await hostWith(home, { sudo: sudoScript(true) }, paths[0] ?? "/bin/sh");
  const inputs: string[] = [];
  const watched: Host = {
    ...host,
    run: (argv, options) => {
      inputs.push(String(options?.input));
      return host.run(argv, options);
    },
  };
  await assert.rejects(
    acquireRoot(watched, "me", async () => "wrong", []),
    (error) => isRegctlError(error, "NO_RIGHTS") && /did not accept/.test(error.facts.reason),
  );
  assert.deepEqual(inputs, ["wrong\n"]);
});
