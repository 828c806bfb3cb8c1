/** Numbers as people read them, formatted by hand (`Intl.NumberFormat` costs 18 ms at first use). */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Bytes in powers of 1024 with at most one decimal: `0 B`, `1.5 KiB`, `213 MiB`. */
export function renderSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit > 0 && Math.round(value * 10) >= 10_240 && unit < units.length - 1) return `1 ${units[unit + 1]}`;
  const rounded = value < 100 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value);
  return `${rounded} ${units[unit]}`;
}

/** Whole seconds as `45s`, `12m`, `3h`, `5d`: the largest unit that is not zero, rounded down. */
export function renderDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86_400)}d`;
}

/** How long `then` is past, seen from `now`: `just now`, `12m ago`. A time to come is `just now` (clocks differ). */
export function renderAgo(then: Date, now: Date): string {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  return seconds < 10 ? "just now" : `${renderDuration(seconds)} ago`;
}
