/** Image platforms, `os/arch[/variant]`, in the one spelling that indexes use. Pure. */
import { RegctlError } from "../errors.ts";
import { defined, type JsonObject, textOf } from "./json.ts";

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

const architectures = new Set(
  "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm".split(" "),
);

/** Spellings of other programs: `uname -m`, Debian, people. */
const aliases: Readonly<Record<string, Pick<Platform, "architecture" | "variant">>> = {
  i386: { architecture: "386" },
  x86_64: { architecture: "amd64" },
  "x86-64": { architecture: "amd64" },
  aarch64: { architecture: "arm64" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v6" },
};

/** What a missing variant means; it is left out of the spelling, but for arm, where indexes write it. */
const usualVariants: Readonly<Record<string, string>> = { amd64: "v1", arm64: "v8" };

/** Lower case, no aliases, and one of `arm64` and `arm64/v8`. */
export function normalisePlatform(platform: Platform): Platform {
  const { variant: _given, ...rest } = platform;
  const os = platform.os.toLowerCase();
  const named = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(aliases, named) ? aliases[named] : undefined;
  const architecture = alias?.architecture ?? named;
  const variant = normaliseVariant(architecture, alias?.variant ?? platform.variant?.toLowerCase() ?? "");
  return {
    ...rest,
    os: os === "macos" ? "darwin" : os,
    architecture,
    ...(variant === "" ? {} : { variant }),
  };
}

function normaliseVariant(architecture: string, given: string): string {
  if (architecture === "386") return "";
  const numbered = /^arm/.test(architecture) && /^\d/.test(given) ? `v${given}` : given;
  const variant = architecture === "arm" && numbered === "" ? "v7" : numbered;
  return variant === usualVariants[architecture] ? "" : variant;
}

/** `linux/arm/v7`, `windows(10.0.17763)/amd64`; an architecture alone is one of Linux. Throws USAGE. */
export function parsePlatform(given: string): Platform {
  const [, os = "", osVersion, architecture = "", variant] =
    /^([a-z0-9_-]+)(?:\(([a-z0-9_.-]+)\))?(?:\/([a-z0-9_.-]+)(?:\/([a-z0-9_.-]+))?)?$/i.exec(given) ?? [];
  if (architecture !== "") {
    return normalisePlatform({ os, architecture, ...defined({ variant, osVersion }) });
  }
  const alone = normalisePlatform({ os: "linux", architecture: os });
  if (architectures.has(alone.architecture) && osVersion === undefined) return alone;
  const shown = given.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?").slice(0, 100);
  throw new RegctlError("USAGE", {
    problem: `"${shown}" is no platform: one is written os/arch[/variant]`,
    type: "--platform linux/amd64",
  });
}

/** As the index or image configuration names it; null when it names neither system nor architecture. */
export function platformOf(object: JsonObject | undefined): Platform | null {
  const os = textOf(object?.os);
  const architecture = textOf(object?.architecture);
  if (os === undefined || architecture === undefined) return null;
  const variant = textOf(object?.variant);
  const osVersion = textOf(object?.["os.version"]);
  return normalisePlatform({ os, architecture, ...defined({ variant, osVersion }) });
}

/** `linux/arm/v7`; the version of Windows in brackets, as `parsePlatform` reads it. */
export function renderPlatform({ os, architecture, variant, osVersion }: Platform): string {
  const system = osVersion === undefined ? os : `${os}(${osVersion})`;
  return [system, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/** What build tools put on entries that are no image to run, such as attestations. */
export function isUnknownPlatform({ os, architecture }: Platform): boolean {
  return os === "unknown" || architecture === "unknown";
}
