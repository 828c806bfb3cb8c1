/**
 * Tokens of our own, for `--anonymous pull` alone: engines send a login only where `GET /v2/` asked for one, and with
 * the Basic scheme they send nothing at all without a login. With tokens, those who have none get an anonymous one.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../ports.ts";

/** Who a token was given to; null is anybody. */
export interface TokenHolder {
  readonly user: string | null;
}

export interface Tokens {
  /** Seconds. */
  readonly lifetime: number;
  issue(holder: TokenHolder): string;
  /** Null: not one of ours, or too old. */
  read(token: string): TokenHolder | null;
}

/** A restart forgets the key: clients then ask for another token by themselves. */
export function createTokens(clock: Pick<Clock, "now">, key: Buffer = randomBytes(32)): Tokens {
  const lifetime = 300;
  const sign = (payload: string): Buffer => createHmac("sha256", key).update(payload).digest();
  const nowSeconds = (): number => Math.floor(clock.now().getTime() / 1000);
  return {
    lifetime,
    issue: ({ user }) => {
      const claims = JSON.stringify({ user, until: nowSeconds() + lifetime });
      const payload = Buffer.from(claims).toString("base64url");
      return `${payload}.${sign(payload).toString("base64url")}`;
    },
    read: (token) => {
      const [payload = "", signature = ""] = token.split(".");
      const given = Buffer.from(signature, "base64url");
      const expected = sign(payload);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
      const { user, until } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
      return until > nowSeconds() ? { user } : null;
    },
  };
}
