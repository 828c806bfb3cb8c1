/** Programs that nobody waits for, and that may outlive this one. */
import { spawn } from "node:child_process";
import { childEnvironment } from "./child-environment.ts";

/** Starts it in a session of its own, without any stream. One that cannot start is nobody's concern. */
export async function leaveBehind(argv: readonly string[]): Promise<void> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    detached: true,
    cwd: "/",
    env: childEnvironment(process.env, {}),
    stdio: "ignore",
  });
  child.on("error", () => {});
  child.unref();
}
