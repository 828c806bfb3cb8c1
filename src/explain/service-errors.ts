/** Words for servers of ours: the address, the folder, the process. */
import { below, sentence, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";

type ServiceCode =
  | "PORT_HELD"
  | "LISTEN_FAILED"
  | "STORAGE_LOCKED"
  | "STORAGE_FAILED"
  | "NOT_RUNNING"
  | "QUICKSTART_FAILED"
  | "START_FAILED"
  | "NO_SERVICE_MANAGER";

export const serviceWords: WordsFor<ServiceCode> = {
  PORT_HELD: ({ address, by, instead = "--listen 127.0.0.1:0", host }) => ({
    message: `Somebody listens at ${address}${host === undefined ? "" : ` of ${host}`} already${by === null ? "" : `: ${by}`}.`,
    remedies: [`Let a free port be chosen: ${instead}`],
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
  NOT_RUNNING: ({ what, name, near = [], type, start = "regctl serve --detach" }) => ({
    message: `No ${what}${name === undefined ? "" : ` ${name}`} runs.${below("There is:", near)}`,
    remedies: [...(type === undefined ? [] : [type]), `Start one in the background: ${start}`],
  }),
  QUICKSTART_FAILED: ({ command, code, output }) => ({
    message: `A step failed: ${command} ended with ${code ?? "a signal"}.${below("It said:", output.split("\n"))}`,
    remedies: ["Look at this machine: regctl doctor"],
  }),
  START_FAILED: ({ what, log }) => ({
    message: `${what} did not start.${below("It said:", log)}`,
    remedies: ["Start it in the foreground to see more: leave --detach or --service out"],
  }),
  NO_SERVICE_MANAGER: ({ scope, reason }) => ({
    message:
      (scope === "system"
        ? "systemd does not run this machine: "
        : "The systemd of this user does not answer: ") + sentence(reason),
    remedies: [
      ...(scope === "system"
        ? []
        : [
            "After su or sudo, name its folder: export XDG_RUNTIME_DIR=/run/user/$(id -u)",
            "Have it run without a login: sudo loginctl enable-linger $(id -un)",
          ]),
      "Or do without it, until the next restart: --detach",
    ],
  }),
};
