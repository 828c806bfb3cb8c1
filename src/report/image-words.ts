/** Facts of images in the words of tables. */
import { renderAgo, renderSize } from "./amounts.ts";
import { escapeControl, type Style } from "./style.ts";

const msPerYear = 365.25 * 86_400_000;

/** `3d ago`, beyond ten years the date: builders that hide the time write 1970 or 1980. */
export function renderAge(created: string | null, now: Date, style: Style): string {
  if (created === null) return style.symbols.none;
  const then = new Date(created);
  if (Number.isNaN(then.getTime())) return style.symbols.none;
  const years = (now.getTime() - then.getTime()) / msPerYear;
  return years > 10 ? then.toISOString().slice(0, 10) : renderAgo(then, now);
}

export function renderBytes(size: number | null, style: Style): string {
  return size === null ? style.symbols.none : renderSize(size);
}

const artifacts: Readonly<Record<string, string>> = {
  "application/vnd.cncf.helm.config.v1+json": "Helm chart",
};

/** What an artifact is, shorter than its media type where that is long. */
export function artifactWords(type: string): string {
  const known = Object.hasOwn(artifacts, type) ? artifacts[type] : undefined;
  return known ?? escapeControl(type.replace(/^application\/(vnd\.)?/, ""));
}

/** Twelve hex digits, as docker shows them. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}

/** `linux/amd64, arm64, arm/v7`: the system once for those that follow; what has no room is counted, `+3`. */
export function renderPlatforms(platforms: readonly string[], room: number, style: Style): string {
  const words = shortened(platforms.map(escapeControl));
  if (words.length === 0) return style.symbols.none;
  for (let shown = words.length; shown > 1; shown -= 1) {
    const text = textOf(words, shown);
    if (text.length <= room) return text;
  }
  const least = textOf(words, 1);
  // Nearly all images are for Linux.
  return least.length <= room ? least : least.replace(/^linux\//, "");
}

function textOf(words: readonly string[], shown: number): string {
  const rest = words.length - shown;
  return words.slice(0, shown).join(", ") + (rest === 0 ? "" : ` +${rest}`);
}

function shortened(platforms: readonly string[]): readonly string[] {
  return platforms.map((platform, index) => {
    const system = platform.slice(0, platform.indexOf("/") + 1);
    const before = platforms[index - 1];
    return system !== "" && before?.startsWith(system) ? platform.slice(system.length) : platform;
  });
}
