/** What the setup commands share: their flags, and what the flags mean to the feature. */
import { pickFlags } from "./flags.ts";
import type { SetupOutcome } from "./platform/outcome.ts";
import type { SetupMode } from "./platform/set-up-host.ts";

export const setupFlags = pickFlags(
  "on",
  "dry-run",
  "exit-code",
  "print",
  "allow-restart",
  "engine",
  "platform",
  "ssh",
  "accept-host-key",
  "timeout",
);

interface SetupFlagValues {
  readonly on?: readonly string[] | undefined;
  readonly "dry-run"?: boolean;
  readonly "exit-code"?: boolean;
  readonly print?: boolean;
  readonly yes?: boolean;
  readonly "allow-restart"?: boolean;
  readonly engine?: string | undefined;
  readonly platform?: string | undefined;
  readonly timeout?: number | undefined;
}

/**
 * A `--platform` that there is, judged before any host is asked.
 * @throws RegctlError USAGE
 */
export async function readPlatformFlag({
  platform,
}: Pick<SetupFlagValues, "platform">): Promise<string | undefined> {
  if (platform === undefined) return undefined;
  const { assertPlatformName } = await import("./platform/detect.ts");
  assertPlatformName(platform);
  return platform;
}

/**
 * An `--engine` that there is, judged before any host is asked.
 * @throws RegctlError USAGE
 */
export async function readEngineFlag({
  engine,
}: Pick<SetupFlagValues, "engine">): Promise<string | undefined> {
  if (engine === undefined) return undefined;
  const { assertEngineName } = await import("./platform/engines/choose.ts");
  assertEngineName(engine);
  return engine;
}

/** @throws RegctlError USAGE */
export async function readSetupMode(
  flags: SetupFlagValues,
): Promise<SetupMode & { readonly on: readonly string[]; readonly cwd: string }> {
  return {
    on: flags.on ?? [],
    cwd: process.cwd(),
    engine: await readEngineFlag(flags),
    platform: await readPlatformFlag(flags),
    dryRun: flags["dry-run"] === true,
    print: flags.print === true,
    yes: flags.yes === true,
    allowRestart: flags["allow-restart"] === true,
    timeoutSeconds: flags.timeout,
  };
}

/** A plan holds parts of files, and lines to paste on other hosts. */
export function showsText(flags: SetupFlagValues): boolean {
  return flags["dry-run"] === true || flags.print === true;
}

/** With `--dry-run --exit-code`, 10 says that something would change. */
export function exitCodeWith(flags: SetupFlagValues, outcome: SetupOutcome, exitCode: number): number {
  const pending = flags["dry-run"] && flags["exit-code"] && outcome.hosts.some((host) => host.changed);
  return exitCode === 0 && pending ? 10 : exitCode;
}
