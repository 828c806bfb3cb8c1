/** Asks the SSH configuration about a host: `ssh -G` where OpenSSH is installed (exact), else the ssh-config package. */
import { collectChild } from "../child.ts";
import { RegctlError } from "../errors.ts";
import type { HostSpec } from "./host-spec.ts";
import { parseSettings, type Settings, toTarget } from "./settings.ts";
import type { SshTarget } from "./target.ts";
import type { SshWorld } from "./world.ts";

const askTimeoutMs = 10_000;
const notFound = 127;

/** @throws RegctlError SSH_CONFIG_BROKEN */
export async function readTarget(
  spec: HostSpec,
  world: SshWorld,
  identityFiles: readonly string[] = [],
): Promise<SshTarget> {
  const settings =
    (await askOpenSsh(spec, world, identityFiles)) ?? (await readConfigFiles(spec, world, identityFiles));
  return toTarget(spec, settings, world);
}

/** The arguments by which `ssh` finds a host as we do. */
export function openSshArguments(
  spec: HostSpec,
  world: SshWorld,
  identityFiles: readonly string[] = [],
): string[] {
  return [
    ...(world.configFile === undefined ? [] : ["-F", world.configFile]),
    ...identityFiles.flatMap((path) => ["-i", path]),
    ...(spec.port === undefined ? [] : ["-p", String(spec.port)]),
    ...(spec.user === undefined ? [] : ["-l", spec.user]),
    "--",
    spec.host,
  ];
}

async function askOpenSsh(
  spec: HostSpec,
  world: SshWorld,
  identityFiles: readonly string[],
): Promise<Settings | null> {
  const child = world.spawn(["ssh", "-G", ...openSshArguments(spec, world, identityFiles)]);
  const broken = (path: string, problem: string): RegctlError =>
    new RegctlError("SSH_CONFIG_BROKEN", { path, problem: problem.trim() });
  const { code, stdout, stderr } = await collectChild(
    child,
    { timeoutMs: askTimeoutMs },
    {
      timeout: (seconds) =>
        broken(world.configFile ?? "~/.ssh/config", `ssh -G did not end within ${seconds} s`),
    },
  );
  if (code === notFound) return null;
  if (code === 0) return parseSettings(stdout.toString());
  const [, path, problem] = /^(\S.*?):? line (\d+: .*)$/m.exec(stderr.toString()) ?? [];
  throw broken(path ?? world.configFile ?? "~/.ssh/config", problem ? `line ${problem}` : stderr.toString());
}

async function readConfigFiles(
  spec: HostSpec,
  world: SshWorld,
  identityFiles: readonly string[],
): Promise<Settings> {
  const paths = world.configFile ? [world.configFile] : [`${world.home}/.ssh/config`, "/etc/ssh/ssh_config"];
  const texts = await Promise.all(
    paths.map(async (path) => {
      const bytes = await world.files.read(path).catch((cause: unknown) => {
        const problem = cause instanceof Error ? cause.message : String(cause);
        throw new RegctlError("SSH_CONFIG_BROKEN", { path, problem }, { cause });
      });
      return bytes?.toString() ?? "";
    }),
  );
  if (texts.some((text) => /^\s*include\s/im.test(text))) {
    world.emit({
      event: "warning",
      host: spec.host,
      warning: "Include in the SSH configuration is not followed where OpenSSH's ssh is not installed",
    });
  }
  const { default: SshConfig } = await import("ssh-config");
  try {
    const config = SshConfig.parse(wrapCommands(texts.join("\nHost *\n")));
    const asked = spec.user === undefined ? { Host: spec.host } : { Host: spec.host, User: spec.user };
    const settings = toSettings(config.compute(asked));
    if (identityFiles.length > 0) {
      settings.set("identityfile", [...identityFiles, ...(settings.get("identityfile") ?? [])]);
    }
    return settings;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new RegctlError("SSH_CONFIG_BROKEN", { path: paths[0] ?? "", problem }, { cause });
  }
}

/** A ProxyCommand is shell text to its last quote, which the package would take apart: it passes as one word. */
function wrapCommands(text: string): string {
  return text.replace(
    /^(\s*proxycommand(?:\s*=\s*|\s+))(\S.*?)\s*$/gim,
    (_line, keyword: string, command: string) => keyword + Buffer.from(command).toString("base64url"),
  );
}

function toSettings(computed: Record<string, string | string[]>): Map<string, string[]> {
  const settings = new Map(
    Object.entries(computed).map(([keyword, value]) => [keyword.toLowerCase(), [value].flat()]),
  );
  const command = settings.get("proxycommand")?.[0];
  if (command !== undefined) settings.set("proxycommand", [Buffer.from(command, "base64url").toString()]);
  return settings;
}
