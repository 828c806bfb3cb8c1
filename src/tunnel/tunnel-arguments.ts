/** A request as the words of a command line that starts the same tunnel, wherever it is started. Pure. */
import { isAbsolute, resolve } from "node:path";
import type { Destination } from "../ports.ts";
import { renderDestination } from "../ssh/connection.ts";
import { renderTo } from "./find-registry.ts";
import type { TunnelRequest } from "./request.ts";
import type { Forward } from "./tunnel.ts";

/** How the server is reached, as the flags say it. */
export interface ReachFlags {
  readonly ssh: string;
  readonly acceptHostKey: readonly string[];
  readonly timeout: number | undefined;
}

/** Begins with `tunnel`. `to` is where the registry was found. */
export function tunnelArguments(
  request: TunnelRequest,
  { name, to }: { readonly name: string; readonly to: Destination },
  reach: ReachFlags,
  cwd: string,
): readonly string[] {
  const { localPort, bind, engineHost, forwards, trust } = request;
  const { insecure, ca } = trust;
  return [
    ...["tunnel", request.typed, "--name", name, "--to", renderTo(to)],
    ...(localPort === null ? [] : ["--local-port", String(localPort)]),
    ...(bind === null ? [] : ["--bind", bind]),
    ...(engineHost === null ? [] : ["--engine-host", engineHost]),
    ...forwards.flatMap((forward) => ["--forward", renderForward(forward)]),
    ...(insecure === undefined ? [] : [insecure ? "--insecure" : "--no-insecure"]),
    ...(ca === undefined ? [] : ["--ca", isAbsolute(ca) ? ca : resolve(cwd, ca)]),
    ...(reach.ssh === "auto" ? [] : ["--ssh", reach.ssh]),
    ...reach.acceptHostKey.flatMap((fingerprint) => ["--accept-host-key", fingerprint]),
    ...(reach.timeout === undefined ? [] : ["--timeout", String(reach.timeout)]),
  ];
}

/** As `parseForward` reads it. */
export function renderForward({ from, to }: Forward): string {
  return `${renderDestination(from)}:${renderDestination(to)}`;
}
