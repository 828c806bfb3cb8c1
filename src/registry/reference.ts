/**
 * Image references by Docker's rules: what is a registry, what a name, tag and digest, and the two ways to write
 * them. Refused beyond Docker's grammar are only registries that no program could reach. Pure.
 */
import { registryHostOf } from "../config/default-registry.ts";
import { RegctlError } from "../errors.ts";
import { type Digest, isDigest, problemOfDigest } from "./digest.ts";
import { canonicalRegistry, hubRegistry } from "./docker-hub.ts";
import { type Problem, problemOfRegistry, problemOfRepository, problemOfTag } from "./reference-grammar.ts";

/** One image, or with neither tag nor digest its repository. */
export interface Reference {
  /** HOST[:PORT] as typed; `docker.io` for Docker Hub. */
  readonly registry: string;
  /** Without the registry: `library/alpine`. */
  readonly repository: string;
  readonly tag?: string;
  /** Decides which manifest is meant, whatever the tag says. */
  readonly digest?: Digest;
}

export interface ReferenceOptions {
  /** HOST[:PORT] for names without a registry. Docker Hub when there is none, as in Docker. */
  readonly defaultRegistry?: string;
}

const officialPrefix = "library/";
/** Longer than the longest of each part together; nothing longer is looked at. */
const longestText = 1024;

/** Throws BAD_REFERENCE, with the form to type where there is a likely one. Adds no tag: see `withDefaultTag`. */
export function parseReference(given: string, options: ReferenceOptions = {}): Reference {
  const judged = judge(given, options);
  if ("problem" in judged) throw bad(given, judged, options);
  return judged;
}

/** A repository: a reference that has neither tag nor digest. Throws BAD_REFERENCE. */
export function parseRepository(given: string, options: ReferenceOptions = {}): Reference {
  const reference = parseReference(given, options);
  if (reference.tag === undefined && reference.digest === undefined) return reference;
  const { registry, repository } = reference;
  const meant = renderFamiliar({ registry, repository }, options);
  throw bad(given, { problem: "a name is wanted here, without a tag or digest", meant }, options);
}

/** With the tag `latest` where neither tag nor digest stands. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: "latest" }
    : reference;
}

/** What stands for the image in a manifest's URL: the digest if there is one, else the tag, else `latest`. */
export function manifestKeyOf({ tag, digest }: Reference): string {
  return digest ?? tag ?? "latest";
}

/** In full, `docker.io/library/alpine:3.20`: reads the same whatever the default registry. */
export function renderReference({ registry, repository, tag, digest }: Reference): string {
  return join({ host: registry, name: repository, tag, digest });
}

/** The shortest text that means the same where names without a registry go to the default one. */
export function renderFamiliar(reference: Reference, options: ReferenceOptions = {}): string {
  const { registry, repository, tag, digest } = reference;
  const full = renderReference(reference);
  const official = registry === hubRegistry && repository.startsWith(officialPrefix);
  const short = official ? repository.slice(officialPrefix.length) : repository;
  const candidates = [
    { name: short, tag, digest },
    { name: repository, tag, digest },
    { host: registry, name: short, tag, digest },
  ];
  const means = (text: string): boolean => {
    const judged = judge(text, options);
    return !("problem" in judged) && renderReference(judged) === full;
  };
  return candidates.map(join).find(means) ?? full;
}

interface Parts {
  readonly host?: string | undefined;
  readonly name: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

function takeApart(text: string): Parts {
  const host = registryHostOf(text) ?? undefined;
  const rest = host === undefined ? text : text.slice(host.length + 1);
  const [named, digest] = cut(rest, "@");
  const [name, tag] = cut(named, ":");
  return { host, name, tag, digest };
}

function cut(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function join({ host, name, tag, digest }: Parts): string {
  const before = host === undefined ? "" : `${host}/`;
  return `${before}${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

function judge(given: string, options: ReferenceOptions): Reference | Problem {
  const whole = problemOfWhole(given);
  if (whole !== null) return whole;
  const parts = takeApart(given);
  const { host, name, tag, digest } = parts;
  const inPart = (found: Problem, part: "host" | "name"): Problem => {
    const { problem, meant } = found;
    return meant === undefined ? { problem } : { problem, meant: join({ ...parts, [part]: meant }) };
  };

  const badHost = host === undefined ? null : problemOfRegistry(host);
  if (badHost !== null) return inPart(badHost, "host");
  const registry = canonicalRegistry(host ?? options.defaultRegistry ?? hubRegistry);
  const official = registry === hubRegistry && name !== "" && !name.includes("/");
  const repository = official ? `${officialPrefix}${name}` : name;
  const badName = problemOfRepository(name) ?? problemOfRepository(repository);
  if (badName !== null) {
    const inLowerCase = host !== undefined && registryHostOf(given.toLowerCase()) === null;
    if (!inLowerCase || badName.meant === undefined) return inPart(badName, "name");
    // Nothing but its capitals makes a registry of the first part: the whole is a name.
    return {
      problem: badName.problem,
      meant: join({ ...parts, host: host.toLowerCase(), name: badName.meant }),
    };
  }
  const badTag = tag === undefined ? null : problemOfTag(tag);
  if (badTag !== null) return badTag;
  if (digest !== undefined && !isDigest(digest)) return { problem: problemOfDigest(digest) ?? "" };
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** What is wrong with the text before it is taken apart. */
function problemOfWhole(given: string): Problem | null {
  if (given === "") return { problem: "it is empty" };
  if (given.length > longestText) return { problem: "it is longer than any reference can be" };
  if (/[\s\p{Cc}]/u.test(given)) return { problem: "it holds a space", meant: given.trim() };
  if (/^[a-f0-9]{64}$/.test(given)) {
    return { problem: "64 hex digits are an identifier: an image by its digest is written NAME@sha256:…" };
  }
  const scheme = /^[a-z]+:\/\//i.exec(given)?.[0];
  if (scheme !== undefined) {
    const meant = given.slice(scheme.length).replace(/\/+$/, "");
    return { problem: `a reference does not begin with ${scheme}`, meant };
  }
  return null;
}

function bad(given: string, { problem, meant }: Problem, options: ReferenceOptions): RegctlError {
  // A suggestion is made only when it would itself be taken.
  const good = meant !== undefined && meant !== given && !("problem" in judge(meant, options));
  return new RegctlError("BAD_REFERENCE", {
    given: withoutSecrets(given),
    problem: printable(problem),
    ...(good ? { type: meant } : {}),
  });
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "?");
}

const longestShown = 300;

/** Without what may be a password (`user:secret@host/…`), and not endless. */
function withoutSecrets(given: string): string {
  const shown = printable(given.slice(0, longestShown)).replace(
    /^([a-z]+:\/\/)?.*@(?![a-z0-9+._-]+:[0-9a-f]*$)/i,
    "$1…@",
  );
  return given.length > longestShown ? `${shown}…` : shown;
}
