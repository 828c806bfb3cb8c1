/** `regctl serve` inside a lab host, in the background, as somebody would start it there for others. */
import assert from "node:assert/strict";
import type { ServeOutcome } from "../../src/server/outcome.ts";
import type { LabHost } from "./lab.ts";

export interface ServedRegistry extends ServeOutcome {
  /** PEM of the authority that `--tls self-signed` made; empty without it. */
  readonly authority: string;
  /** It must still be the same process, and end well. */
  stop(): Promise<void>;
}

/** Every user of these tests and of the file that goes with `--htpasswd`. */
export const user = { name: "bob", password: "secret" } as const;

/** Of that password; crypt(3) with a blowfish salt of cost 5. */
const htpasswd = "bob:$2b$05$xjU0OF5PoEr12OFcvqspnOk/YsW8QEY2lMn0MREYMPMCImbvRPke6\n";
export const usersFile = "/root/users";

/** Storage is /srv/registry-PORT. The registry is named by the host's address, which is no loopback one. */
export async function serveInside(
  host: LabHost,
  port: number,
  args: readonly string[] = [],
): Promise<ServedRegistry> {
  await host.run(["sh", "-c", `cat >${usersFile}`], { input: htpasswd });
  const storage = `/srv/registry-${port}`;
  const started: ServeOutcome = await documentOf(host, [
    ...["serve", "--detach", "--yes", "--storage", storage, "--listen", `${host.address}:${port}`],
    ...args,
  ]);
  assert.equal(started.registry, `${host.address}:${port}`);
  const ca = started.tls?.ca ?? null;
  const authority = ca === null ? "" : (await host.run(["cat", ca])).stdout;
  const stop = async () => {
    const { items }: { items: readonly ServeOutcome[] } = await documentOf(host, [
      ...["serve", "stop", "--storage", storage],
    ]);
    assert.deepEqual(
      items.map(({ pid }) => pid),
      [started.pid],
    );
    const verified: { ok: boolean } = await documentOf(host, ["serve", "verify", "--storage", storage]);
    assert.equal(verified.ok, true);
  };
  return { ...started, authority, stop };
}

async function documentOf<Document>(host: LabHost, args: readonly string[]): Promise<Document> {
  const { code, stdout, stderr } = await host.regctl([...args, "--json", "--progress", "none"]);
  assert.equal(code, 0, `regctl ${args.join(" ")}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}
