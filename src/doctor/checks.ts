/** Every check in its order: what comes later hangs on what comes first, so that the first failed one is the cause. */
import type { Check } from "./check.ts";
import { builderCheck, inventoryChecks, tunnelCheck } from "./checks/around.ts";
import { certificateChecks } from "./checks/certificate.ts";
import { engineChecks, engineSaysChecks } from "./checks/engine.ts";
import { judgeInsecureNeed, networkChecks } from "./checks/network.ts";
import { registryChecks } from "./checks/registry.ts";
import { rightsChecks } from "./checks/rights.ts";

export const checks: readonly Check[] = [
  ...engineChecks,
  tunnelCheck,
  ...networkChecks,
  ...certificateChecks,
  judgeInsecureNeed,
  ...registryChecks,
  ...engineSaysChecks,
  ...rightsChecks,
  builderCheck,
  ...inventoryChecks,
];
