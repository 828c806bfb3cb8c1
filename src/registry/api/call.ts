/** What every operation of the API is made with. */
import type { Emit } from "../../ports.ts";
import type { Method, RegistryRequest, RegistryResponse, Send } from "../http/send.ts";
import type { Scope } from "../scope.ts";
import { answerError } from "./answer-error.ts";

export interface RegistryCall {
  /** HOST[:PORT] as references name it. */
  readonly registry: string;
  readonly base: URL;
  readonly send: Send;
  readonly signal: AbortSignal;
  /** Where the login that is shown comes from. */
  readonly loginFrom: () => string | null;
  readonly emit: Emit;
}

/** A registry's answers in JSON are short, except lists: some registries have all tags on one page. */
const longestDocument = 1024 * 1024;
export const longestList = 64 * 1024 * 1024;

export interface CallOptions {
  readonly scopes: readonly Scope[];
  /** What is looked for or changed, for errors: `reg.example:5000/app:1.0`. */
  readonly what: string;
  readonly answer?: RegistryRequest["answer"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RegistryRequest["body"];
  /** Default: of everything but PATCH and PUT of blobs. */
  readonly repeatable?: boolean;
  readonly headersTimeoutMs?: number;
  /** Statuses that are answers here; every other one is thrown. */
  readonly expect: readonly number[];
}

/** A path below `/v2/`, or a whole URL. Throws the error that `answer-error.ts` makes of an unexpected answer. */
export async function call(
  registry: RegistryCall,
  method: Method,
  path: string | URL,
  options: CallOptions,
): Promise<RegistryResponse> {
  const { what, expect, scopes, headers, body, headersTimeoutMs } = options;
  const url = typeof path === "string" ? new URL(`/v2/${path}`, registry.base) : path;
  const response = await registry.send({
    method,
    url,
    scopes,
    answer: options.answer ?? longestDocument,
    repeatable: options.repeatable ?? true,
    signal: registry.signal,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs }),
  });
  if (expect.includes(response.status)) return response;
  response.stream?.destroy();
  throw answerError(registry, { method, url, what }, response);
}

/** `reg.example:5000/app`, and for Docker Hub `docker.io/library/app`. */
export function nameOf({ registry }: Pick<RegistryCall, "registry">, repository: string): string {
  return `${registry}/${repository}`;
}
