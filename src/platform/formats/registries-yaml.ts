/**
 * `registries.yaml`, which k3s and RKE2 read when they start and make `hosts.toml` files of for their containerd. It is
 * people's file, with their comments and logins: single values come and go. Pure.
 * @see https://docs.k3s.io/installation/private-registry
 */
import type { TextProblem } from "./format.ts";
import { readYaml } from "./yaml-text.ts";

export interface RegistriesYaml {
  /** Where images of a registry are asked for, in that order; `*` is every other one. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  readonly tls: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** They do not start with such a file. */
  readonly problem?: TextProblem;
}

export function readRegistriesYaml(text: string | null): RegistriesYaml {
  const { value, problem } = readYaml(text ?? "");
  if (problem) return { endpoints: {}, tls: {}, problem };
  const { mirrors, configs } = objectOf(value);
  return {
    endpoints: mapped(mirrors, (mirror) => textsOf(objectOf(mirror).endpoint)),
    tls: mapped(configs, (config) => objectOf(objectOf(config).tls)),
  };
}

/** An address as it is compared: k3s asks below /v2 either way. */
export function sameEndpoint(one: string, other: string): boolean {
  const bare = (url: string) => url.replace(/\/+$/, "").replace(/\/v2$/, "");
  return bare(one) === bare(other);
}

function mapped<Value>(value: unknown, read: (each: unknown) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([key, each]) => [key, read(each)]));
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
