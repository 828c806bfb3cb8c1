/** What to type instead of one word, as the whole line: nobody has to put it together. Pure. */
import { isRegctlError, RegctlError } from "../errors.ts";
import { quoteLine } from "./quote.ts";

/** `argv` is what was typed behind the program's name. Anything but an error about one of its words stays as it is. */
export function withWholeLine(error: unknown, argv: readonly string[]): unknown {
  if (isRegctlError(error, "BAD_REFERENCE")) {
    const { given, type } = error.facts;
    if (type === undefined || type.includes(" ") || !argv.includes(given)) return error;
    const facts = { ...error.facts, type: replaced(argv, given, type) };
    return new RegctlError("BAD_REFERENCE", facts, { cause: error.cause });
  }
  if (isRegctlError(error, "ENGINE_ELSEWHERE")) {
    const { on } = error.facts;
    if (on === undefined) return error;
    const remedy = quoteLine(["regctl", ...argv, "--on", on]);
    return new RegctlError("ENGINE_ELSEWHERE", { ...error.facts, remedy }, { cause: error.cause });
  }
  if (isRegctlError(error, "REGISTRY_UNREACHABLE")) {
    const { registry } = error.facts;
    const given = argv.find((word) => isNameInCapitals(word, registry));
    if (given === undefined) return error;
    const instead = replaced(argv, given, given.replace(/^[^/]+/, registry));
    return new RegctlError("REGISTRY_UNREACHABLE", { ...error.facts, instead }, { cause: error.cause });
  }
  return error;
}

function replaced(argv: readonly string[], word: string, by: string): string {
  return quoteLine(["regctl", ...argv.map((each) => (each === word ? by : each))]);
}

/** `TEAM/app` names the registry TEAM, as docker reads it, and mostly the repository team/app is meant. */
function isNameInCapitals(word: string, registry: string): boolean {
  const [first = "", ...rest] = word.split("/");
  return (
    rest.length > 0 &&
    /^[A-Za-z0-9_-]+$/.test(first) &&
    first !== registry &&
    first.toLowerCase() === registry
  );
}
