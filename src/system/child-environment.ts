import type { Environment } from "../ports.ts";

/** This process's environment without what may hold our passwords, plus `extra`. */
export function childEnvironment(own: Environment, extra: Environment): Record<string, string> {
  const entries = Object.entries({ ...withoutOurs(own), ...extra });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function withoutOurs(own: Environment): Environment {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith("REGCTL_")));
}
