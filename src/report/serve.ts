/** A server that runs, as lines: where it is, and what to type next. */
import { quoteLine } from "../explain/quote.ts";
import type { ServeOutcome } from "../server/outcome.ts";
import type { ServersOutcome } from "../server/running-servers.ts";
import { renderSize } from "./amounts.ts";
import { createStyle, escapeControl, type Style } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderServe(outcome: ServeOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { registry, url } = outcome;
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["publish to it", publishLines(outcome)],
    ["reach it from elsewhere", reachLines(outcome)],
    ...(outcome.tls === null ? [] : [["have it trusted", trustLines(outcome)] as const]),
  ];
  return [
    `${style.green(style.symbols.ok)} The registry ${style.bold(escapeControl(registry))} serves at ${escapeControl(url)} (pid ${outcome.pid}).`,
    ...factLines(outcome),
    ...lines.flatMap(([title, commands]) => [
      `  ${title}:`,
      ...commands.map((command) => `    ${style.cyan(escapeControl(command))}`),
    ]),
  ];
}

function factLines(outcome: ServeOutcome): readonly string[] {
  const { storage, repositories, blobs, bytes, auth, anonymous, readOnly, log } = outcome;
  const login = auth === "none" ? "none" : anonymous === "pull" ? "to push; everybody may pull" : "always";
  return [
    `  storage: ${escapeControl(storage)} (${counted(repositories, "repository", "repositories")}, ${counted(blobs, "blob", "blobs")}, ${renderSize(bytes)})`,
    `  login: ${login}${readOnly ? "; read-only" : ""}`,
    ...(log === null ? [] : [`  log: ${escapeControl(log)}`]),
  ];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function publishLines({ registry, auth, readOnly }: ServeOutcome): readonly string[] {
  if (readOnly) return [`docker pull ${registry}/NAME:TAG`];
  return [
    ...(auth === "none" ? [] : [`docker login ${registry}`]),
    `regctl publish NAME:TAG ${registry}/NAME:TAG`,
    `docker tag NAME:TAG ${registry}/NAME:TAG && docker push ${registry}/NAME:TAG`,
    `regctl copy docker.io/library/alpine:3.20 ${registry}/alpine:3.20`,
  ];
}

function reachLines({ registry, listen, tls }: ServeOutcome): readonly string[] {
  const port = /\d+$/.exec(listen)?.[0] ?? "5000";
  if (isOnlyHere(listen)) return [`ssh -N -L ${port}:${listen} USER@THIS-MACHINE`];
  return tls === null ? [`regctl setup insecure ${registry}`] : [`regctl ping ${registry}`];
}

/** Engines take this machine's own addresses as they are: there regctl alone has to be told. */
function trustLines({ registry, listen, tls }: ServeOutcome): readonly string[] {
  if (tls?.ca === null || tls === null) return ["nothing to do where its certificate is known"];
  const trust = ["regctl", "setup", "trust", registry];
  const there = [...trust, "--fingerprint", tls.fingerprint ?? "SHA-256", "--on", "USER@HOST"];
  return [
    ...(isOnlyHere(listen) ? [] : [quoteLine(trust), quoteLine(there)]),
    `for regctl alone: ${quoteLine(["regctl", "use", registry, "--ca", tls.ca])}`,
    `its SHA-256: ${tls.fingerprint ?? ""}`,
  ];
}

function isOnlyHere(listen: string): boolean {
  return listen.startsWith("127.") || listen.startsWith("[::1]");
}

export function renderServers({ items }: ServersOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  return items.flatMap((item) => [headLine(item, style, "serves at"), ...factLines(item)]);
}

export function renderStopped({ items }: ServersOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  return items.map((item) => headLine(item, style, "has stopped; it served at"));
}

function headLine({ registry, url, pid }: ServeOutcome, style: Style, verb: string): string {
  return `${style.green(style.symbols.ok)} ${escapeControl(registry)} ${verb} ${escapeControl(url)} (pid ${pid}).`;
}
