/** One client against one scripted registry, which fails on whatever it was not told of. */
import type { ClientOptions, RegistryClient } from "../../../src/registry/client.ts";
import { openTransport } from "../../../src/system/registry-http.ts";
import { type OpenedClient, openTestClient } from "../../support/registry-world.ts";
import {
  type Exchange,
  type ScriptedRegistry,
  startScriptedRegistry,
} from "../../support/scripted-registry.ts";

/** By the id of the quirk. */
export type QuirkTests = Readonly<Record<string, () => Promise<void>>>;

export type Act<T> = (client: RegistryClient, registry: ScriptedRegistry, opened: OpenedClient) => Promise<T>;

export const open: Exchange = { request: "GET /v2/", answer: {} };

/** Asks for a login, or a token, before it says more. */
export const closed = (challenge: string): Exchange => ({
  request: "GET /v2/",
  status: 401,
  answerHeaders: { "www-authenticate": challenge },
});

export interface AskOptions extends Partial<ClientOptions> {
  /** In place of the scripted registry's own address. */
  readonly name?: string;
}

/** The first exchange is that of `GET /v2/`. */
export async function ask<T>(
  exchanges: readonly Exchange[],
  act: Act<T>,
  { name, ...options }: AskOptions = {},
): Promise<T> {
  await using registry = await startScriptedRegistry(exchanges);
  const elsewhere = name === undefined ? {} : { openTransport: transportTo(registry) };
  await using opened = await openTestClient(name ?? registry.host, { ...elsewhere, ...options });
  const result = await act(opened.client, registry, opened);
  registry.done();
  return result;
}

/** Whatever host is asked, the scripted registry answers; it is told which one in a header. */
function transportTo({ url: target }: ScriptedRegistry): typeof openTransport {
  return (options) => {
    const transport = openTransport(options);
    return {
      ...transport,
      request: ({ url, headers, ...rest }) =>
        transport.request({
          ...rest,
          url: new URL(url.pathname + url.search, target),
          headers: { ...headers, "x-asked-for": url.host },
        }),
    };
  };
}

export async function all(
  pages: AsyncGenerator<{ readonly entries: readonly string[] }>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { entries } of pages) found.push(...entries);
  return found;
}

export const basic = (login: string): string => `Basic ${Buffer.from(login).toString("base64")}`;
