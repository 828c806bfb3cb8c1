/** A lab host and somebody who administers it from here: what the tests of faults are made with. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { ErrorOutcome } from "../../src/platform/outcome.ts";
import { daemonJson, defaultFile, fingerprint, isLocked, journalOf, listed, strays } from "./fault-host.ts";
import { type LabHost, type LabKind, startHost } from "./lab.ts";
import { errorOf, openPerson, type Person } from "./regctl-over-ssh.ts";

export class Site {
  readonly host: LabHost;
  readonly person: Person;

  constructor(host: LabHost, person: Person) {
    this.host = host;
    this.person = person;
  }

  static async open(kind: LabKind): Promise<Site> {
    const host = await startHost(kind);
    return new Site(host, await openPerson(host));
  }

  async close(): Promise<void> {
    await this.person.leave();
    await this.host.stop();
  }

  setup(...args: readonly string[]) {
    return this.person.regctl(["setup", ...args, "--on", this.host.name, "--json"]);
  }

  /** The error of a run that must leave the host as if it had not been. */
  async refuses(code: string, exitCode: number, ...args: readonly string[]): Promise<ErrorOutcome> {
    const paths = [daemonJson, defaultFile];
    const look = async () => ({
      files: paths.map((path) => fingerprint(this.host, path)),
      listed: await listed(this.host).catch(() => null),
      journal: journalOf(this.host).filter(({ state }) => state !== "rolled-back"),
    });
    const before = await look();
    const error = errorOf(await this.setup(...args), exitCode);
    assert.equal(error.code, code, error.message);
    assert.deepEqual(await look(), before);
    this.assertTidy();
    return error;
  }

  assertTidy(): void {
    assert.equal(isLocked(this.host), false);
    assert.deepEqual(strays(this.host, daemonJson, defaultFile), []);
  }
}

/** Opens a site for the tests of one suite. */
export function useSite(kind: LabKind): () => Site {
  let site: Site | undefined;
  before(async () => {
    site = await Site.open(kind);
  });
  after(() => site?.close());
  return () => site ?? assert.fail("the host did not start");
}
