/** Where the engine is that docker uses, why we think so, and what that means for a registry behind a tunnel. */
import { quoteLine } from "../explain/quote.ts";
import type { EngineSeen } from "../tunnel/engine-seen.ts";
import { escapeControl } from "./style.ts";
import { wrap } from "./table.ts";
import type { RenderOptions } from "./terminal.ts";

/** What docker is given to push; none where it reaches nothing. */
export function renderPush(engine: EngineSeen | null): readonly string[] {
  if (engine === null || engine.registry === null) return [];
  const name = `${escapeControl(engine.registry)}/NAME:TAG`;
  const trusted = engine.insecure ? [quoteLine(["regctl", "setup", "insecure", engine.registry])] : [];
  return [...trusted, `docker tag IMAGE ${name} && docker push ${name}`];
}

export function renderEngine(
  engine: EngineSeen | null,
  { columns }: Pick<RenderOptions, "columns">,
): readonly string[] {
  const told = engine === null ? null : tell(engine);
  return told === null ? [] : wrap(`  engine: ${escapeControl(told)}`, columns, "    ");
}

function tell({ side, name, why, registry }: EngineSeen): string | null {
  const who = `${name} (${why})`;
  switch (side) {
    case "here":
      return `${who}: localhost is the same for it`;
    case "there":
      return registry === null
        ? `${who} is elsewhere and not reached: docker push finds nothing at its localhost`
        : `${who} is elsewhere: it is ${registry} there, too`;
    case "apart":
      return registry === null
        ? `${who} has a localhost of its own that nothing gets into: use regctl publish and pull, which need nothing of it`
        : `${who} has a localhost of its own: regctl publish and pull work as they are; for docker push it is ${registry}`;
    case "unknown":
      return `${who} is elsewhere: regctl publish and pull work; for docker push say where it is: --engine-host USER@HOST`;
    case "none":
      return null;
  }
}
