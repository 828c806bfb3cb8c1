/** The images of an engine: listed, looked at, tagged, and moved in and out of it. */
import type { Readable } from "node:stream";
import { isRegctlError, type RegctlError } from "../errors.ts";
import {
  type EngineEvent,
  type EngineImage,
  type EngineImageDetails,
  parseEvent,
  parseImageDetails,
  parseImages,
  parseStepSizes,
} from "./image-info.ts";
import { parseJson } from "./lenient-json.ts";
import type { EngineSession } from "./session.ts";

/** As the engine takes it with a request, and passes it on to the registry. */
export type EngineLogin =
  | { readonly username: string; readonly password: string; readonly registry: string }
  | { readonly identityToken: string; readonly registry: string };

/** Each throws ENGINE_UNREACHABLE and ENGINE_ERROR; the streams also end with the connection's own error. */
export interface EngineImages {
  list(): Promise<readonly EngineImage[]>;
  /** By name, id, or the beginning of an id. Null when there is none; ENGINE_ERROR when several begin so. */
  inspect(name: string): Promise<EngineImageDetails | null>;
  /** Bytes that each step of its making added, unpacked, the latest first; steps without a layer have 0. */
  stepSizes(name: string): Promise<readonly number[]>;
  /** Adds a name, taking it from the image that had it. */
  tag(name: string, repository: string, tag: string): Promise<void>;
  /** Takes away a name; the image goes with its last one. False: there was none. */
  untag(name: string): Promise<boolean>;
  /** A tar as `docker save` writes it. The first byte may take long: the engine prepares it on its disk. */
  save(names: readonly string[], signal: AbortSignal): Promise<Readable>;
  /** Takes a tar as `docker load` does. The events end with the last one; `error` in one is a failure. */
  load(tar: Readable, signal: AbortSignal): Promise<AsyncGenerator<EngineEvent>>;
  push(
    repository: string,
    tag: string,
    login: EngineLogin | null,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<EngineEvent>>;
  /** `key` is a tag or a digest. `platform`: os/arch[/variant]. */
  pull(
    repository: string,
    key: string,
    options: { readonly login: EngineLogin | null; readonly platform?: string; readonly signal: AbortSignal },
  ): Promise<AsyncGenerator<EngineEvent>>;
}

/** Ten gibibytes are written to a slow disk in that time, before the first byte comes. */
const firstByteWithinMs = 20 * 60_000;
const longestEvent = 1024 * 1024;

export function imagesOf(session: EngineSession): EngineImages {
  return {
    list: async () => parseImages(await session.getJson(await session.versioned("/images/json"))),
    inspect: (name) => inspectImage(session, name),
    stepSizes: async (name) =>
      parseStepSizes(await session.getJson(await session.versioned(`/images/${encodeName(name)}/history`))),
    tag: async (name, repository, tag) => {
      const path = await session.versioned(`/images/${encodeName(name)}/tag`);
      await session.send("POST", `${path}?${new URLSearchParams({ repo: repository, tag })}`);
    },
    untag: (name) => untagImage(session, name),
    save: async (names, signal) => {
      const query = new URLSearchParams(names.map((name): [string, string] => ["names", name]));
      const path = `${await session.versioned("/images/get")}?${query}`;
      return session.stream("GET", path, { answerWithinMs: firstByteWithinMs, signal });
    },
    load: async (tar, signal) => {
      const headers = { "content-type": "application/x-tar" };
      const path = `${await session.versioned("/images/load")}?quiet=1`;
      return readEvents(session, "POST", path, { headers, body: tar, signal });
    },
    push: async (repository, tag, login, signal) => {
      const path = await session.versioned(`/images/${encodeName(repository)}/push`);
      const headers = loginHeader(login);
      return readEvents(session, "POST", `${path}?${new URLSearchParams({ tag })}`, { headers, signal });
    },
    pull: async (repository, key, { login, platform, signal }) => {
      const query = new URLSearchParams({ fromImage: repository, tag: key });
      if (platform !== undefined) query.set("platform", platform);
      const headers = login === null ? {} : loginHeader(login);
      return readEvents(session, "POST", `${await session.versioned("/images/create")}?${query}`, {
        headers,
        signal,
      });
    },
  };
}

async function inspectImage(session: EngineSession, name: string): Promise<EngineImageDetails | null> {
  try {
    return parseImageDetails(
      await session.getJson(await session.versioned(`/images/${encodeName(name)}/json`)),
    );
  } catch (error) {
    if (isRegctlError(error, "ENGINE_ERROR") && error.facts.status === 404) return null;
    throw error;
  }
}

async function untagImage(session: EngineSession, name: string): Promise<boolean> {
  try {
    await session.send("DELETE", `${await session.versioned(`/images/${encodeName(name)}`)}?noprune=1`);
    return true;
  } catch (error) {
    if (isRegctlError(error, "ENGINE_ERROR") && error.facts.status === 404) return false;
    throw error;
  }
}

/** The route takes the slashes and the colons of a reference as they are. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/%2F/g, "/").replace(/%3A/g, ":").replace(/%40/g, "@");
}

/**
 * An engine wants the header for a push even where there is no login. RFC 4648 §5 with its padding, which Node leaves
 * out: without it Podman refuses, and Docker takes what it cannot read for no login.
 */
function loginHeader(login: EngineLogin | null): Readonly<Record<string, string>> {
  const encoded = Buffer.from(JSON.stringify(loginFields(login))).toString("base64url");
  return { "x-registry-auth": encoded.padEnd(Math.ceil(encoded.length / 4) * 4, "=") };
}

function loginFields(login: EngineLogin | null): object {
  if (login === null) return {};
  const serveraddress = login.registry;
  if ("identityToken" in login) return { identitytoken: login.identityToken, serveraddress };
  return { username: login.username, password: login.password, serveraddress };
}

interface EventRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readable;
  readonly signal: AbortSignal;
}

async function readEvents(
  session: EngineSession,
  method: string,
  path: string,
  request: EventRequest,
): Promise<AsyncGenerator<EngineEvent>> {
  const stream = await session.stream(method, path, { ...request, answerWithinMs: firstByteWithinMs });
  return eventsOf(stream, () =>
    session.refused(`${method} ${path}`, 200, "a line of its answer is longer than any event"),
  );
}

/** JSON objects, one a line. */
async function* eventsOf(stream: Readable, tooLong: () => RegctlError): AsyncGenerator<EngineEvent> {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    rest += String(chunk);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestEvent) throw tooLong();
    for (const line of lines) if (line.trim() !== "") yield parseEvent(parseJson(line));
  }
  if (rest.trim() !== "") yield parseEvent(parseJson(rest));
}
