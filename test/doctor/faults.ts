/** All planted faults, in the order of the way. docs/doctor.md shows the table. */
import { answerFaults } from "./answer-faults.ts";
import { certificateFaults } from "./certificate-faults.ts";
import type { Fault } from "./fault.ts";
import { networkFaults } from "./network-faults.ts";
import { engineFaults, rightFaults } from "./right-faults.ts";

export const faults: readonly Fault[] = [
  ...networkFaults,
  ...certificateFaults,
  ...answerFaults,
  ...rightFaults,
  ...engineFaults,
];
