/** What a text says about where something happened: always safe to paste, since nothing else passes. */

/** As it stands in commands where the text does not tell. */
export const unknownRegistry = "HOST:PORT";

const name = "[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?";
const hostPort = `(?:${name}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::\\d{1,5})?`;
const wellFormed = new RegExp(`^${hostPort}$`);

/** Ways in which tools name a registry, the most certain first. */
const mentions: readonly RegExp[] = [
  new RegExp(`\\b(?:https?|docker|oci)://(${hostPort})(?=[/"'\\s?),]|:\\s|$)`, "g"),
  new RegExp(`\\blogging into "(${hostPort})(?=")`, "g"),
  new RegExp(`\\bpinging (?:container|docker) registry (${hostPort})(?=[:\\s]|$)`, "g"),
  // The first component of an image's name is a host when it has a dot or a port, as in Docker.
  /(?:^|[\s"'`(=[])((?:[a-z0-9-]{1,63}\.){1,10}[a-z0-9-]{1,63}(?::\d{1,5})?|[a-z0-9-]{1,63}:\d{2,5}|localhost)\/[a-z0-9]/gi,
  new RegExp(`\\b(?:registry|docker login) "?(${name}:\\d{1,5})(?=["\\s:,]|$)`, "g"),
  new RegExp(`\\bdial tcp (${hostPort})(?=[:\\s]|$)`, "g"),
];

/** Where programs keep their source and their help, which is in many a message and is no registry. */
const notRegistries =
  /^(?:github\.com|golang\.org|.*\.golang\.org|k8s\.io|docker\.example\.com|docs\.|errors\.|www\.)/;

const dockerHub = /^(?:registry-1\.|index\.|auth\.|registry\.|hub\.)?docker\.(?:io|com)$/;

/** The spelling in which an image's name has it. */
function asRegistry(found: string): string {
  return dockerHub.test(found) ? "docker.io" : found;
}

/** The registry that a line names last before `end`, else anywhere. */
export function registryOn(line: string, end: number): string | undefined {
  for (const mention of mentions) {
    const found = [...line.matchAll(mention)].filter(([, host]) => isRegistry(host));
    const before = found.filter(({ index }) => index <= end).at(-1) ?? found[0];
    if (before?.[1] !== undefined) return asRegistry(before[1]);
  }
  return undefined;
}

export function isRegistry(text: string | undefined): text is string {
  return text !== undefined && wellFormed.test(text) && !notRegistries.test(text);
}

/** Without port and brackets. */
export function hostOf(registry: string): string {
  return registry.replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");
}
