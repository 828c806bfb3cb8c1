/** The cures that regctl has commands for: each is shown, asked, and carried out as that command would. */
import { logIn } from "../access/log-in.ts";
import { useRegistry } from "../access/use-registry.ts";
import { RegctlError } from "../errors.ts";
import { quoteLine } from "../explain/quote.ts";
import { setupInsecure } from "../platform/setup-insecure.ts";
import { setupTrust } from "../platform/setup-trust.ts";
import { setupUndo } from "../platform/setup-undo.ts";
import { parseTunnelRequest } from "../tunnel/request.ts";
import type { ReachFlags } from "../tunnel/tunnel-arguments.ts";
import { tunnelInBackground } from "../tunnel/tunnel-in-background.ts";
import { tunnelLine } from "./checks/tcp.ts";
import { type DoctorInput, diagnose } from "./diagnose.ts";
import type { Cure } from "./finding.ts";
import { type DoctorOutcome, type Examined, firstCause } from "./outcome.ts";
import type { DoctorWorld } from "./world.ts";

export interface FixInput extends DoctorInput {
  readonly fix: boolean;
  /** Answers what has a safe answer: never a fingerprint, a password or a restart. */
  readonly yes: boolean;
  /** Of the certificate that `setup trust` may have trusted. */
  readonly fingerprint?: string | undefined;
  /** How the server of a tunnel is reached. */
  readonly reach: Omit<ReachFlags, "timeout">;
}

/** One cure may show what is wrong behind it; more than these for a host lead nowhere. */
const mostCures = 4;

/** What is wrong; with `fix`, what still is after the cures. Throws as `diagnose`, and as the commands that cure. */
export async function doctor(input: FixInput, world: DoctorWorld): Promise<DoctorOutcome> {
  let { outcome, examined } = await diagnose(input, world);
  if (!input.fix) return outcome;
  const fixed: string[] = [];
  while (fixed.length < mostCures * examined.length && !outcome.ok) {
    const line = await fixCause(examined, fixed, input, world);
    if (line === null) break;
    fixed.push(line);
    ({ outcome, examined } = await diagnose(input, world));
  }
  return { ...outcome, fixed };
}

/** The command that was carried out, or null when the cause has no cure of ours. Throws what that command throws. */
async function fixCause(
  examined: readonly Examined[],
  fixed: readonly string[],
  input: FixInput,
  world: DoctorWorld,
): Promise<string | null> {
  const cause = firstCause(examined);
  if (cause?.cure === undefined) return null;
  const { cure, host } = cause;
  const on = host === "localhost" ? [] : [host];
  const line = lineOf(cure, on);
  // What did not cure it once will not.
  if (fixed.includes(line)) return null;
  if (!input.yes) {
    const question = `Run ${line}?`;
    const details = [cause.message];
    const agreed = await world.prompt.consent({ kind: "consent", host, question, details, flag: "--yes" });
    if (!agreed) throw new RegctlError("DECLINED", { question });
  }
  world.emit({ event: "note", note: `now: ${line}` });
  await carryOut(cure, on, input, world);
  return line;
}

const words: Readonly<Record<Exclude<Cure["kind"], "tunnel">, readonly string[]>> = {
  "setup-insecure": ["setup", "insecure"],
  "setup-trust": ["setup", "trust"],
  "setup-undo": ["setup", "undo"],
  "use-insecure": ["use", "--insecure"],
  login: ["login"],
};

function lineOf(cure: Cure, on: readonly string[]): string {
  if (cure.kind === "tunnel") return tunnelLine(cure);
  const { kind, registry } = cure;
  const host = kind.startsWith("setup-") ? on.flatMap((each) => ["--on", each]) : [];
  return quoteLine(["regctl", ...words[kind], registry, ...host]);
}

async function carryOut(
  cure: Cure,
  on: readonly string[],
  input: FixInput,
  world: DoctorWorld,
): Promise<void> {
  const { registry } = cure;
  const { cwd, platform, timeoutSeconds, yes, ca, fingerprint } = input;
  const mode = { on, cwd, platform, timeoutSeconds, yes, dryRun: false, print: false, allowRestart: false };
  switch (cure.kind) {
    case "setup-insecure":
      await setupInsecure({ ...mode, registry }, world);
      return;
    case "setup-undo":
      await setupUndo({ ...mode, registry, last: false }, world);
      return;
    case "setup-trust":
      await setupTrust({ ...mode, registry, ca, fingerprint, system: false }, world);
      return;
    case "use-insecure":
      await useRegistry({ registry, insecure: true, cwd, timeoutSeconds }, world);
      return;
    case "login":
      await logIn({ registry, passwordStdin: false, timeoutSeconds, insecure: input.insecure, ca }, world);
      return;
    case "tunnel": {
      const { server, to, name } = cure;
      const request = parseTunnelRequest(server, {
        to,
        ca,
        insecure: input.insecure,
        name: name ?? undefined,
      });
      await tunnelInBackground(request, { ...input.reach, timeout: timeoutSeconds }, cwd, world);
    }
  }
}
