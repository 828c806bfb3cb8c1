import { spawnSync } from "node:child_process";

/** Whether this machine has OpenSSH's client. */
export const hasOpenSsh = spawnSync("ssh", ["-V"]).error === undefined;

/** The carriers that can be tested here, and why one cannot. */
export const carriers = [
  { carrier: "node", skip: false },
  { carrier: "openssh", skip: hasOpenSsh ? false : "ssh is not installed" },
] as const;
