/**
 * The grammar of image references, as Docker's own parser has it, part by part: each check answers with what is
 * wrong in words. Every expression runs in time linear in the text. Pure.
 */

const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])`;
const hostAndPort = new RegExp(`^(${host})(?::([0-9]+))?$`);

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const path = new RegExp(`^${component}(?:/${component})*$`);

/** Characters of a repository, `library/` included and the registry left out. */
const longestRepository = 255;
const longestTag = 128;
/** No DNS name is longer. */
const longestHost = 255;

export interface Problem {
  readonly problem: string;
  /** The part as it could have been meant. */
  readonly meant?: string;
}

/** HOST[:PORT], with IPv6 addresses in brackets. */
export function problemOfRegistry(text: string): Problem | null {
  const [, name, port] = hostAndPort.exec(text) ?? [];
  if (name === undefined) return { problem: `"${clip(text)}" ${whyNoHost(text)}` };
  if (name.length > longestHost) return { problem: "its host name is longer than any can be" };
  if (port !== undefined && (port.length > 5 || Number(port) < 1 || Number(port) > 65_535)) {
    return { problem: `its port is ${clip(port)}, and ports are 1 to 65535` };
  }
  // Docker's grammar lets more through than an address can be: 1.2.3.400, [:::], or 127.1 for 127.0.0.1.
  const address = URL.parse(`http://${name}/`)?.hostname;
  if (address === undefined) return { problem: `"${name}" is neither a host name nor an address` };
  if (name.startsWith("[") || address === name.toLowerCase()) return null;
  return {
    problem: `"${name}" is a spelling of ${address} that programs read differently`,
    meant: port === undefined ? address : `${address}:${port}`,
  };
}

function whyNoHost(text: string): string {
  if (text.includes("_")) return "is no registry: a host name holds no underscore";
  if (text.includes("%")) return "is no registry: an address in a reference has no zone";
  if (/:[^\]]*:/.test(text) && !text.startsWith("[")) {
    return "is no registry: an IPv6 address stands in brackets, [::1]:5000";
  }
  return "is no HOST[:PORT]";
}

/** A repository without its registry, `team/app`. */
export function problemOfRepository(text: string): Problem | null {
  if (text === "") return { problem: "it has no name" };
  if (text.length > longestRepository) {
    return { problem: `its name has ${text.length} characters, and ${longestRepository} are allowed` };
  }
  if (path.test(text)) return null;
  const lower = text.toLowerCase();
  if (lower !== text && path.test(lower)) {
    return { problem: "a name has no capital letters", meant: lower };
  }
  const odd = /[^a-z0-9._/-]/i.exec(text)?.[0];
  if (odd !== undefined) return { problem: `a name holds no ${nameOf(odd)}` };
  if (/^\/|\/$|\/\//.test(text)) {
    const meant = text.replaceAll(/^\/+|\/+$/g, "").replaceAll(/\/{2,}/g, "/");
    return { problem: "a name has nothing empty beside a slash", meant };
  }
  return {
    problem: `in "${clip(text)}" each part between slashes begins and ends with a letter or digit, and has one dot, one or two underscores, or hyphens between them`,
  };
}

export function problemOfTag(text: string): Problem | null {
  if (text === "") return { problem: "its tag is empty" };
  if (text.length > longestTag) {
    return { problem: `its tag has ${text.length} characters, and ${longestTag} are allowed` };
  }
  const odd = /[^\w.-]/.exec(text)?.[0];
  if (odd !== undefined) return { problem: `a tag holds no ${nameOf(odd)}` };
  return /^\w/.test(text) ? null : { problem: "a tag does not begin with a dot or a hyphen" };
}

function nameOf(character: string): string {
  return character === " " ? "space" : character;
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
