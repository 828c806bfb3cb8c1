/**
 * The only importer of undici, and of the parts of it that we use: its main module would take three times as long
 * to load. Loaded late, by those who speak HTTP.
 */
import type { Client, Dispatcher, Pool, ProxyAgent } from "undici";
// @ts-expect-error undici types only its main module
import UntypedRequest from "undici/lib/api/api-request.js";
// @ts-expect-error as above
import UntypedClient from "undici/lib/dispatcher/client.js";
// @ts-expect-error as above
import UntypedPool from "undici/lib/dispatcher/pool.js";
import { interruptible } from "../interruptible.ts";

export const HttpClient: typeof Client = UntypedClient;
export const HttpPool: typeof Pool = UntypedPool;

const sendRequest: (
  this: Dispatcher,
  options: Dispatcher.RequestOptions,
) => Promise<Dispatcher.ResponseData> = UntypedRequest;

type RequestOptions = Dispatcher.RequestOptions & { readonly signal: AbortSignal };

/**
 * `dispatcher.request(options)`, which the dispatchers have only when the main module is loaded. undici heeds the
 * signal only once it is connected; a dial that never ends must not outlive it.
 */
export async function request(
  dispatcher: Dispatcher,
  options: RequestOptions,
): Promise<Dispatcher.ResponseData> {
  return await interruptible(sendRequest.call(dispatcher, options), options.signal);
}

/** The agent for proxies needs the main module: it asks dispatchers for what only that gives them. */
export async function loadProxyAgent(): Promise<typeof ProxyAgent> {
  return (await import("undici")).ProxyAgent;
}

/** Names in lower case; a repeated header is joined by ", ". */
export function flatHeaders(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value]];
    }),
  );
}
