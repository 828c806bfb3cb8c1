/** Versions of the Engine API, such as "1.18": decimal parts compared as numbers. Pure. */

/** The newest API whose answers this client was written for. */
const ourApiVersion = "1.51";

/** Since this one an engine can be made to ask a registry: `GET /distribution/…/json`. */
export const distributionApiVersion = "1.30";

/** Since this one reloads are told as events of the daemon. */
export const daemonEventsApiVersion = "1.24";

const versionForm = /^\d{1,4}\.\d{1,4}$/;

/** Null for anything that is not a version. */
export function parseApiVersion(text: string | undefined): string | null {
  const trimmed = text?.trim() ?? "";
  return versionForm.test(trimmed) ? trimmed : null;
}

/** Below zero when `left` is older, above when it is newer, else zero. */
export function compareApiVersions(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split(".").map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split(".").map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

/** What to speak with an engine: ours, or its own when that is older; never below what it still takes. */
export function negotiateApiVersion(engine: string, oldest: string | null): string {
  const common = compareApiVersions(engine, ourApiVersion) < 0 ? engine : ourApiVersion;
  return oldest !== null && compareApiVersions(common, oldest) < 0 ? oldest : common;
}
