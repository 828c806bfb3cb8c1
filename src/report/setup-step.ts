/** One step of a plan, as half a line. */
import { quoteLine } from "../explain/quote.ts";
import type { StepOutcome } from "../platform/outcome.ts";
import { escapeControl } from "./style.ts";

export function renderStep(step: StepOutcome): string {
  switch (step.kind) {
    case "write":
      return `write ${escapeControl(step.path)} (${step.why})`;
    case "remove":
      return `remove ${escapeControl(step.path)} (${step.why})`;
    case "reload":
      return escapeControl(quoteLine(step.command));
    case "run":
      return `${escapeControl(quoteLine(step.command))} (${step.why})`;
    case "restart":
      return `${escapeControl(quoteLine(step.command))}${step.stops > 0 ? ` (stops ${containers(step.stops)})` : ""}`;
    case "prove":
      return `prove: ${provesOf(step).join(", ")}`;
  }
}

function provesOf(step: Extract<StepOutcome, { kind: "prove" }>): readonly string[] {
  const listed = Object.entries(step.listed).map(
    ([entry, wanted]) => `the engine ${wanted ? "lists" : "forgot"} ${entry}`,
  );
  const restore =
    step.liveRestore === undefined ? [] : [`live-restore is ${step.liveRestore ? "on" : "off"}`];
  const mirrors = Object.entries(step.mirrors ?? {}).map(
    ([url, wanted]) => `the engine ${wanted ? "has" : "forgot"} the mirror ${url}`,
  );
  const trusted = (step.trusted ?? []).map(
    (registry) => `the engine asks ${registry} over TLS that verifies`,
  );
  const all = [...listed, ...mirrors, ...restore, ...trusted].map(escapeControl);
  return all.length > 0 ? all : ["the engine answers"];
}

function containers(count: number): string {
  return count === 1 ? "1 container" : `${count} containers`;
}
