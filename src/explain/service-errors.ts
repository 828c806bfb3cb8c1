/** Words for servers of ours: the address, the folder, the process. */
import { below, sentence, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";

type ServiceCode =
  | "PORT_HELD"
  | "LISTEN_FAILED"
  | "STORAGE_LOCKED"
  | "STORAGE_FAILED"
  | "NOT_RUNNING"
  | "START_FAILED";

export const serviceWords: WordsFor<ServiceCode> = {
  PORT_HELD: ({ address, by }) => ({
    message: `Somebody listens at ${address} already${by === null ? "" : `: ${by}`}.`,
    remedies: ["Let the system choose a free port: --listen 127.0.0.1:0"],
  }),
  LISTEN_FAILED: ({ address, problem }) => ({
    message: `It cannot listen at ${address}: ${sentence(problem)}`,
    remedies: ["Name an address of this machine: --listen 127.0.0.1:5000"],
  }),
  STORAGE_LOCKED: ({ path, by }) => ({
    message: `Another server has the storage ${path}: ${sentence(by)}`,
    remedies: [
      `Stop it: ${quoteLine(["regctl", "serve", "stop", "--storage", path])}`,
      "Or name another folder: --storage DIR",
    ],
  }),
  STORAGE_FAILED: ({ path, problem }) => ({
    message: `The storage ${path} failed: ${sentence(problem)}`,
    remedies: [quoteLine(["df", "-h", path]), quoteLine(["regctl", "serve", "verify", "--storage", path])],
  }),
  NOT_RUNNING: ({ what }) => ({
    message: `${what} does not run.`,
    remedies: ["Start it in the background: regctl serve --detach"],
  }),
  START_FAILED: ({ what, log }) => ({
    message: `${what} did not start.${below("It said:", log)}`,
    remedies: ["Start it in the foreground to see more: leave --detach out"],
  }),
};
