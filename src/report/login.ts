/** The outcomes of `login` and `logout` as lines. */
import type { LogInOutcome } from "../access/log-in.ts";
import type { LogOutOutcome } from "../access/log-out.ts";
import { renderSentence } from "./sentence.ts";
import { createStyle } from "./style.ts";
import type { RenderOptions } from "./terminal.ts";

export function renderLogIn(outcome: LogInOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { registry, username, verified, storedIn, plainText, stored } = outcome;
  const what = stored === "password" ? "The password" : "A token in place of the password";
  const done = verified ? "is logged in to" : "is stored, untried, for";
  const lines = [
    ...renderSentence(`${style.symbols.ok} `, `${username} ${done} ${registry}.`, options, style.green),
    ...renderSentence("  ", `${what} is kept by ${storedIn}.`, options),
  ];
  if (!plainText) return lines;
  const warning =
    "It stands there in plain text. A credential helper keeps it safe: https://docs.docker.com/go/credential-store/";
  return [...lines, ...renderSentence(`  ${style.symbols.warning} `, warning, options, style.yellow)];
}

export function renderLogOut(outcome: LogOutOutcome, options: RenderOptions): readonly string[] {
  const style = createStyle(options);
  const { registry, erasedFrom, remainsIn } = outcome;
  const done =
    erasedFrom.length === 0
      ? `There was no login for ${registry}.`
      : `The login for ${registry} is gone from ${erasedFrom.join(", ")}.`;
  const lines = renderSentence(`${style.symbols.ok} `, done, options, style.green);
  if (remainsIn === null) return lines;
  const warning = `Another one remains in ${remainsIn}, and is used from now on.`;
  return [...lines, ...renderSentence(`  ${style.symbols.warning} `, warning, options, style.yellow)];
}
