/** The doors to the world for what must neither ask nor tell anything: a press of the tab key, a look around. */
import type { Request } from "./answer.ts";
import { type Context, createContext } from "./context.ts";

export function openQuietContext({ environment, signal, stdin, stderr }: Request): Context {
  const terminal = {
    input: stdin,
    output: stderr,
    present: () => ({ above: [], message: "" }),
    aside: <T>(ask: () => Promise<T>) => ask(),
  };
  const nobody = { ...environment, CI: "1" };
  return createContext({ emit: () => {}, signal, environment: nobody, flags: { ssh: "auto" }, terminal });
}
