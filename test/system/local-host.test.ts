import { createLocalHost } from "../../src/system/local-host.ts";
import { spawn } from "../../src/system/processes.ts";
import { describeHost } from "../contract/host.ts";

describeHost("this machine", async () => ({
  host: createLocalHost(spawn),
  local: true,
  timeoutCode: "HOST_COMMAND_FAILED",
  here: true,
}));
