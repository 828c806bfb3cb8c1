import { RegctlError } from "../errors.ts";

const msOf = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function isUnit(text: string | undefined): text is keyof typeof msOf {
  return text !== undefined && Object.hasOwn(msOf, text);
}

/** `90s`, `15m`, `12h`, `30d` as milliseconds. Pure. `flag` is for the error: USAGE. */
export function parseDuration(text: string, flag: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (digits !== undefined && isUnit(unit)) return Number(digits) * msOf[unit];
  const shown = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?").slice(0, 100);
  throw new RegctlError("USAGE", {
    problem: `"${shown}" is no duration: one is written 90s, 15m, 12h or 30d`,
    type: `${flag} 30d`,
  });
}
