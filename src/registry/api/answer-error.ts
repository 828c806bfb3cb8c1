/** From an answer that is a failure to an error of ours. Pure. */
import { RegctlError } from "../../errors.ts";
import { authenticationsOf } from "../challenge.ts";
import { meansNotFound, messageOfErrorBody, parseErrorBody } from "../error-body.ts";
import type { RegistryResponse } from "../http/send.ts";
import { loginElsewhere } from "../quirks.ts";

export interface Asked {
  readonly method: string;
  readonly url: URL;
  /** What is looked for or changed. */
  readonly what: string;
}

export interface Asker {
  /** HOST[:PORT]. */
  readonly registry: string;
  readonly loginFrom: () => string | null;
}

/** The codes of the OCI's errors in an answer. */
export function codesOf({ bytes, headers }: RegistryResponse): readonly string[] {
  return parseErrorBody(bytes, headers["content-type"]).flatMap(({ code }) => code ?? []);
}

export function answerError(asker: Asker, asked: Asked, response: RegistryResponse): RegctlError {
  const { status, bytes, headers } = response;
  const { what } = asked;
  const { registry } = asker;
  const faults = parseErrorBody(bytes, headers["content-type"]);
  const reason = messageOfErrorBody(bytes, headers["content-type"]) ?? `status ${status}`;
  const login = asker.loginFrom();
  if (status === 429) {
    const seconds = Number(headers["retry-after"] ?? Number.NaN);
    const retryAfterSeconds = Number.isFinite(seconds) ? seconds : null;
    return new RegctlError("RATE_LIMITED", { registry, message: reason, retryAfterSeconds });
  }
  if (ranOut(status, reason) || (status === 401 && !(login !== null && isAboutRights(response)))) {
    const instead = loginElsewhere(registry);
    const facts = { registry, what, reason, login };
    return new RegctlError("UNAUTHORIZED", instead === null ? facts : { ...facts, instead });
  }
  if (status === 401 || status === 403) return new RegctlError("DENIED", { registry, what, reason, login });
  if (status < 500 && meansNotFound(status, faults)) return new RegctlError("NOT_FOUND", { what, reason });
  const request = `${asked.method} ${asked.url.pathname}`;
  return new RegctlError("REGISTRY_ERROR", { registry, request, status, message: reason });
}

/** ECR says 403, and in plain text, of a login that was good for twelve hours. */
function ranOut(status: number, reason: string): boolean {
  return status === 403 && /authorization token has expired/i.test(reason);
}

/** The login is good, and not enough for this. */
function isAboutRights(response: RegistryResponse): boolean {
  const [asked] = authenticationsOf(response.headers["www-authenticate"]);
  const insufficient = asked?.kind === "bearer" && asked.error === "insufficient_scope";
  return insufficient || codesOf(response).includes("DENIED");
}
