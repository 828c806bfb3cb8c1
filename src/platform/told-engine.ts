import type { Engine } from "../engine/client.ts";
import type { EngineInfo } from "../engine/engine-info.ts";

/**
 * What applying and proving a change need of an engine, whichever it is. Docker's API client is one as it stands; an
 * engine without an API answers from its files and by its commands:
 * - `ping` rejects with ENGINE_UNREACHABLE as long as it does not run; a program that runs per command always answers.
 * - `info` says what is in force now: what is not named there is not in force.
 * - `containers` and `containerProcess` tell whether containers lived through it; none where nothing can stop them.
 * - `probeRegistry` makes the engine itself ask the registry for an image that is not there. Its message is judged by
 *   `judgeProbe`, which knows the texts of Go's HTTP and TLS; status 0 when it could not ask.
 */
export interface ToldEngine
  extends Pick<Engine, "ping" | "containers" | "containerProcess" | "probeRegistry"> {
  info(): Promise<Pick<EngineInfo, "insecureCidrs" | "indexes" | "mirrors" | "liveRestore">>;
}
