import type { RegistrySettings } from "../config/settings.ts";
import { RegctlError } from "../errors.ts";
import type { JudgedRegistry } from "./registry-name.ts";
import { type Remembered, remember } from "./remember.ts";
import type { Task } from "./set-up-host.ts";
import {
  type SetupInput,
  type SetupResult,
  setupOutcome,
  type Told,
  tellHosts,
  toldHere,
} from "./tell-hosts.ts";
import { chooseAuthority } from "./trust/authority.ts";
import { parseFingerprint } from "./trust/certificate.ts";
import { readShown } from "./trust/read-shown.ts";
import { readTrustFiles, type TrustFiles } from "./trust/trust-files.ts";
import { judgeTrusted } from "./trust/trusted-name.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupTrustInput extends SetupInput {
  readonly registry: string;
  /** Files of this machine; what is relative begins at `cwd`. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly system: boolean;
}

/**
 * Has engines trust a registry's certificate.
 * @throws RegctlError whatever the only host failed with; BAD_REGISTRY, USAGE, FILE_FAILED before any host is asked
 */
export async function setupTrust(input: SetupTrustInput, world: SetupWorld): Promise<SetupResult> {
  const judged = judgeTrusted(input.registry);
  const { registry } = judged;
  const fingerprint = readFingerprint(input.fingerprint);
  const files = await readTrustFiles(input, world);
  const said = [...judged.said, ...judged.notes];
  for (const note of said) world.emit({ event: "note", note });
  const told = await tellHosts(trustTask(judged, input, { files, fingerprint }, world), input, world);
  const kept = toldHere(told, input) ? await rememberTrust(registry, told, world) : {};
  if (kept.note) world.emit({ event: "note", note: kept.note });
  const outcome = setupOutcome(registry, input, told, [...said, ...(kept.note ? [kept.note] : [])]);
  return {
    outcome: { ...outcome, ...(kept.registry ? { defaultRegistry: kept.registry } : {}) },
    exitCode: told.exitCode,
  };
}

interface Given {
  readonly files: TrustFiles;
  readonly fingerprint: string | null;
}

function trustTask(
  judged: JudgedRegistry,
  { system }: SetupTrustInput,
  { files, fingerprint }: Given,
  world: SetupWorld,
): Task {
  const { registry } = judged;
  const host = hostOf(registry);
  return {
    action: "trust",
    registry,
    answers: new Map(),
    request: async (session) => {
      const { facts } = session;
      const shown = await readShown(
        session.host,
        { registry, host, port: judged.port ?? 443, loopback: judged.loopback, ...files },
        world,
      );
      const authority = chooseAuthority({
        ...{ registry, on: facts.host, host, shown, fingerprint, system },
        file: files.authorities,
        serve: files.serve,
        hostNow: facts.now,
        ourNow: Math.floor(world.clock.now().getTime() / 1000),
      });
      return { kind: "trust", registry: judged, authority, client: files.client, system };
    },
  };
}

/** Without port and brackets. */
function hostOf(registry: string): string {
  const bracketed = /^\[(.*)\]/.exec(registry)?.[1];
  if (bracketed !== undefined) return bracketed;
  // An address of IPv6 without brackets has no port.
  return registry.split(":").length > 2 ? registry : registry.replace(/:\d+$/, "");
}

function readFingerprint(given: string | undefined): string | null {
  if (given === undefined) return null;
  const fingerprint = parseFingerprint(given);
  if (fingerprint !== null) return fingerprint;
  throw new RegctlError("USAGE", {
    problem: `"${given}" is no SHA-256 fingerprint: that is 64 hexadecimal digits`,
    type: "--fingerprint sha256:DIGITS",
  });
}

/** Our own commands read the file that the engine reads, and verify from then on. */
async function rememberTrust(registry: string, { outcomes }: Told, world: SetupWorld): Promise<Remembered> {
  const [host] = outcomes;
  const path = host?.path;
  if (!path || host?.nothing === "loopback") return {};
  const reach = ({ insecure: _, ...now }: RegistrySettings): RegistrySettings =>
    host.changed ? { ...now, ca: path } : now;
  return await remember(registry, "as trusted", reach, world);
}
