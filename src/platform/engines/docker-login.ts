/** Engines of Docker's whose files are a person's own: told by the login itself, below its home. */
import { RegctlError } from "../../errors.ts";
import type { HostFacts } from "../facts.ts";
import type { FileEdit, Plan } from "../plan.ts";
import type { EngineHome, WrittenPlatform } from "../platform.ts";
import type { EngineSite } from "./engine-kind.ts";

interface Login {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who is logged in, where that is the person whose engine it is.
 * @throws RegctlError ENGINE_CANNOT when it is somebody else, and be it root: below the home of another everything may
 *   lead elsewhere; HOST_COMMAND_FAILED
 */
export async function readLogin({ host, facts }: EngineSite, home: EngineHome): Promise<Login> {
  const { code, stdout } = await host.run(["sh", "-c", "id -u; id -g"], { timeoutMs: 30_000 });
  const said = stdout.toString("utf8").trim();
  const [uid, gid] = said.split("\n").map(Number);
  if (code !== 0 || uid === undefined || gid === undefined) {
    throw new RegctlError("HOST_COMMAND_FAILED", { host: facts.host, command: "id", code, output: said });
  }
  const isTheirs = home.uid === null ? uid !== 0 : uid === home.uid;
  if (isTheirs) return { uid, gid };
  const whose = home.uid === null ? "the person who runs it" : `user ${home.uid}`;
  throw new RegctlError("ENGINE_CANNOT", {
    host: facts.host,
    what: `a change by ${facts.user}`,
    why: `its files are those of ${whose}`,
    instead: [`# run this again as ${whose}, without sudo`],
  });
}

/** The same plan, carried out by the login: what is new belongs to it. */
export function asLoginPlan(plan: Plan, login: Login): Plan {
  if (plan.kind === "nothing") return { ...plan, asLogin: true };
  const owned = (edit: FileEdit): FileEdit => (edit.before === null ? { ...edit, ...login } : edit);
  const phases = plan.phases.map((phase) => ({ ...phase, edits: phase.edits.map(owned) }));
  return { ...plan, asLogin: true, phases };
}

/** The store of the operating system is root's. */
export function noSystemStore({ host }: HostFacts, { title }: WrittenPlatform): RegctlError {
  return new RegctlError("ENGINE_CANNOT", {
    host,
    what: "--system",
    why: `${title} is told by a login without other rights, and the certificates of the system are root's`,
    instead: ["# leave --system out: the engine reads certificates of its own"],
  });
}
