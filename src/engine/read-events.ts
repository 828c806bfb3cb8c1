/** The lines that an engine answers with while it pushes, pulls or loads. */

import { isRegctlError, RegctlError } from "../errors.ts";
import type { ImageEngine } from "./client.ts";
import type { EngineEvent } from "./image-info.ts";

export interface EventReading {
  readonly engine: Pick<ImageEngine, "host" | "via">;
  /** "POST /images/load". */
  readonly request: string;
  readonly signal: AbortSignal;
}

/** Up to the last one. Throws ENGINE_ERROR for a failure that it tells, ENGINE_UNREACHABLE when it breaks off. */
export async function readEvents(
  open: () => Promise<AsyncGenerator<EngineEvent>>,
  onEvent: (event: EngineEvent) => void,
  { engine, request, signal }: EventReading,
): Promise<void> {
  try {
    for await (const event of await open()) {
      if (event.error !== "") {
        throw new RegctlError("ENGINE_ERROR", {
          host: engine.host,
          request,
          status: 200,
          message: event.error,
        });
      }
      onEvent(event);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isRegctlError(error)) throw error;
    const reason = `it broke off in the middle: ${error instanceof Error ? error.message : String(error)}`;
    throw new RegctlError(
      "ENGINE_UNREACHABLE",
      { host: engine.host, tried: [engine.via], reason },
      { cause: error },
    );
  }
}
