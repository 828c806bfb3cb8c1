/** The outcomes of `login` and `logout` as lines. */
import type { LogInOutcome } from "../access/log-in.ts";
import type { LogOutOutcome } from "../access/log-out.ts";
import { createStyle, escapeControl } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderLogIn(outcome: LogInOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { registry, username, verified, storedIn, plainText, stored } = outcome;
  const what = stored === "password" ? "The password" : "A token in place of the password";
  const done = verified ? "is logged in to" : "is stored, untried, for";
  const lines = [
    `${style.green(style.symbols.ok)} ${escapeControl(username)} ${done} ${escapeControl(registry)}.`,
    `  ${what} is kept by ${escapeControl(storedIn)}.`,
  ];
  if (!plainText) return lines;
  return [
    ...lines,
    `  ${style.yellow(style.symbols.warning)} It stands there in plain text. A credential helper keeps it safe: https://docs.docker.com/go/credential-store/`,
  ];
}

export function renderLogOut(outcome: LogOutOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { registry, erasedFrom, remainsIn } = outcome;
  const name = escapeControl(registry);
  const lines =
    erasedFrom.length === 0
      ? [`${style.green(style.symbols.ok)} There was no login for ${name}.`]
      : [
          `${style.green(style.symbols.ok)} The login for ${name} is gone from ${escapeControl(erasedFrom.join(", "))}.`,
        ];
  if (remainsIn === null) return lines;
  return [
    ...lines,
    `  ${style.yellow(style.symbols.warning)} Another one remains in ${escapeControl(remainsIn)}, and is used from now on.`,
  ];
}
