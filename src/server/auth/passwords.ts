/**
 * Who knows their password. bcrypt is slow on purpose and clients show their password with every request, so a pair
 * that was right is remembered for a while, as a keyed hash; one that was wrong makes the next guess wait.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Clock } from "../../ports.ts";
import type { HtpasswdEntries } from "./htpasswd.ts";

/** Compares a password with a bcrypt hash, away from the event loop. */
export type ComparePassword = (password: string, hash: string) => Promise<boolean>;

export type PasswordVerdict =
  | { readonly kind: "right" }
  | { readonly kind: "wrong" }
  /** Too many wrong ones, or too many at once: not looked at. */
  | { readonly kind: "later"; readonly seconds: number };

export interface Passwords {
  check(user: string, password: string, remote: string): Promise<PasswordVerdict>;
  has(user: string): boolean;
  /** Another file: nothing remembered counts any more. */
  replace(entries: HtpasswdEntries): void;
}

export interface PasswordLimits {
  /** How long a pair is remembered. */
  readonly rightMs: number;
  readonly wrongMs: number;
  /** Wrong ones in a row, of one user from one address, before the next has to wait. */
  readonly freeTries: number;
  readonly longestWaitSeconds: number;
  /** Comparisons that may wait for their turn. */
  readonly queue: number;
  /** Pairs and users remembered at most; the oldest go first. */
  readonly remembered: number;
}

export const usualPasswordLimits: PasswordLimits = {
  rightMs: 5 * 60_000,
  wrongMs: 60_000,
  freeTries: 5,
  longestWaitSeconds: 60,
  queue: 64,
  remembered: 4096,
};

interface Failures {
  readonly count: number;
  readonly untilMs: number;
}

export function createPasswords(
  first: HtpasswdEntries,
  compare: ComparePassword,
  clock: Pick<Clock, "now">,
  limits: PasswordLimits = usualPasswordLimits,
): Passwords {
  const key = randomBytes(32);
  const known = new Map<string, { readonly right: boolean; readonly untilMs: number }>();
  const failures = new Map<string, Failures>();
  const running = new Map<string, Promise<boolean>>();
  let entries = first;

  const nowMs = (): number => clock.now().getTime();
  const remember = <T>(map: Map<string, T>, name: string, value: T): void => {
    map.delete(name);
    map.set(name, value);
    if (map.size > limits.remembered) map.delete(map.keys().next().value ?? name);
  };
  const compareOnce = (pair: string, user: string, password: string): Promise<boolean> => {
    const before = running.get(pair);
    if (before !== undefined) return before;
    const used = entries;
    const hash = used.get(user);
    // An unknown user takes as long as a known one: somebody else's hash costs what theirs would.
    const [another = ""] = used.values();
    const compared = compare(password, hash ?? another)
      .then((equal) => {
        const right = equal && hash !== undefined;
        const untilMs = nowMs() + (right ? limits.rightMs : limits.wrongMs);
        // The file may have changed meanwhile.
        if (used === entries) remember(known, pair, { right, untilMs });
        return right;
      })
      .finally(() => running.delete(pair));
    running.set(pair, compared);
    return compared;
  };
  return {
    has: (user) => entries.has(user),
    replace: (next) => {
      entries = next;
      known.clear();
      failures.clear();
    },
    check: async (user, password, remote) => {
      const pair = createHmac("sha256", key).update(`${user}\0${password}`).digest("base64");
      const who = `${user}\0${remote}`;
      const remembered = known.get(pair);
      if (remembered !== undefined && remembered.untilMs > nowMs()) {
        return remembered.right ? { kind: "right" } : { kind: "wrong" };
      }
      const failed = failures.get(who);
      const waitMs = (failed?.untilMs ?? 0) - nowMs();
      if (waitMs > 0) return { kind: "later", seconds: Math.ceil(waitMs / 1000) };
      if (running.size >= limits.queue && !running.has(pair)) return { kind: "later", seconds: 1 };
      if (await compareOnce(pair, user, password)) {
        failures.delete(who);
        return { kind: "right" };
      }
      remember(failures, who, nextFailures(failures.get(who), nowMs(), limits));
      return { kind: "wrong" };
    },
  };
}

/** The wait doubles with every wrong one beyond the free ones. */
function nextFailures(before: Failures | undefined, nowMs: number, limits: PasswordLimits): Failures {
  const count = (before?.count ?? 0) + 1;
  const over = count - limits.freeTries;
  const seconds = over < 0 ? 0 : Math.min(2 ** over, limits.longestWaitSeconds);
  return { count, untilMs: nowMs + seconds * 1000 };
}
