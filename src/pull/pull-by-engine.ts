/** The engine pulls by itself: its events as our progress, its refusals as our errors. */
import { readEngineLogin } from "../access/engine-login.ts";
import type { AccessWorld } from "../access/world.ts";
import type { ImageEngine } from "../engine/client.ts";
import type { EngineEvent, EngineImageDetails } from "../engine/image-info.ts";
import { readEvents } from "../engine/read-events.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import { explainText } from "../explain/messages/explain-text.ts";
import { type Digest, parseDigest } from "../registry/digest.ts";
import { platformOf, renderPlatform } from "../registry/platform.ts";
import { manifestKeyOf, type Reference, renderReference } from "../registry/reference.ts";
import { giveNames } from "./give-names.ts";
import type { Pulled } from "./pull-directly.ts";
import { createPullLog } from "./pull-log.ts";

export interface EnginePull {
  readonly engine: ImageEngine;
  readonly names: readonly string[];
  /** `--platform`. */
  readonly platform: string | null;
  readonly world: AccessWorld;
}

const request = "POST /images/create";

/** Throws NOT_FOUND, UNAUTHORIZED, ENGINE_ERROR, ENGINE_UNREACHABLE. */
export async function pullByEngine(reference: Reference, pull: EnginePull): Promise<Pulled> {
  const { engine, platform, world } = pull;
  const { registry, repository } = reference;
  const login = await readEngineLogin(registry, world);
  const options = { login, signal: world.signal, ...(platform === null ? {} : { platform }) };
  const name = renderReference({ registry, repository });
  const key = manifestKeyOf(reference);
  const log = createPullLog();
  const tell = (event: EngineEvent): void => {
    log.note(event);
    const { done, total } = log.bytes();
    if (total > 0) {
      world.emit({
        event: "bytes",
        host: engine.host,
        what: `pull ${renderReference(reference)}`,
        done,
        total,
      });
    }
  };
  const before = await engine.images.inspect(renderReference(reference));
  try {
    const open = () => engine.images.pull(name, key, options);
    await readEvents(open, tell, { engine, request, signal: world.signal });
  } catch (error) {
    throw toPullError(error, reference, login === null ? null : "the logins of docker");
  }
  return await lookAt(reference, before, log, pull);
}

async function lookAt(
  reference: Reference,
  before: EngineImageDetails | null,
  log: ReturnType<typeof createPullLog>,
  pull: EnginePull,
): Promise<Pulled> {
  const { engine, names } = pull;
  const details = await engine.images.inspect(renderReference(reference));
  if (details === null) {
    const message = `it reports no failure, and does not have ${renderReference(reference)} all the same`;
    throw new RegctlError("ENGINE_ERROR", { host: engine.host, request, status: 200, message });
  }
  const named = await giveNames(details, names, engine);
  const platform = platformOf({
    os: details.os,
    architecture: details.architecture,
    ...(details.variant === "" ? {} : { variant: details.variant }),
  });
  const { total } = log.bytes();
  return {
    digest: parseDigest(log.digest()) ?? reference.digest ?? onlyDigest(reference, details),
    imageId: details.id,
    platform: platform === null || details.os === "" ? null : renderPlatform(platform),
    names,
    bytesReceived: total,
    bytesReused: null,
    layers: log.layers(details.id),
    // Not every engine says that nothing was new.
    changed: (log.isNew() && before?.id !== details.id) || named,
    digestKnown: true,
  };
}

/** Podman does not say what it pulled, but remembers it. */
function onlyDigest({ registry, repository }: Reference, { digests }: EngineImageDetails): Digest | null {
  const begin = `${renderReference({ registry, repository })}@`;
  const [digest, ...others] = digests.filter((each) => each.startsWith(begin));
  return digest === undefined || others.length > 0 ? null : parseDigest(digest.slice(begin.length));
}

function toPullError(error: unknown, reference: Reference, login: string | null): unknown {
  if (!isRegctlError(error, "ENGINE_ERROR")) return error;
  const { message, status } = error.facts;
  const what = renderReference(reference);
  const { registry } = reference;
  // Whether it is not there or not shown to whoever asks, Docker Hub does not tell.
  const code = /pull access denied/.test(message) ? "UNAUTHORIZED" : explainText(message)[0]?.code;
  const options = { cause: error };
  if (code === "UNAUTHORIZED" || code === "DENIED")
    return new RegctlError("UNAUTHORIZED", { registry, what, reason: message, login }, options);
  if (code === "NOT_FOUND" || status === 404)
    return new RegctlError("NOT_FOUND", { what, reason: message }, options);
  return error;
}
