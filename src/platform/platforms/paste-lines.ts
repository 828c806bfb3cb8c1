/** What a person pastes or does by hand on hosts that setup does not write. Pure. */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeKind, ChangeRequest, TrustRequest } from "../change-request.ts";
import { insecureRegistries, registryMirrors, type Setting } from "../formats/format.ts";

type Action = "add" | "remove";

/** An entry of one of the engine's lists. */
export interface Item extends Setting {
  readonly value: string;
}

/** Lines that put an entry into a list, or take it out. */
export type PasteList = (action: Action, item: Item) => readonly string[];

export const engineCerts: CertificatePlace = { folder: "/etc/docker/certs.d" };

/** Where an engine reads the certificates of registries. */
export interface CertificatePlace {
  readonly folder: string;
  /** Where that folder is, when not on the machine at which one types. */
  readonly inside?: string;
  /** Lines that follow, where it does not read them with each request. */
  readonly after?: readonly string[];
}

export function pasteLines(
  request: ChangeRequest,
  paste: PasteList,
  place: CertificatePlace,
): readonly string[] {
  if (request.kind === "trust") return trustLines(request, place);
  if (request.kind === "mirror") return paste("add", { ...registryMirrors, value: request.mirror.url });
  if (request.kind === "insecure")
    return paste("add", { ...insecureRegistries, value: request.registry.registry });
  const registry = request.registry ?? "REGISTRY";
  const { folder, after = [] } = place;
  const takes = (kind: ChangeKind): boolean => request.kinds.includes(kind);
  return [
    ...(takes("trust")
      ? [`# if it was trusted: rm -r ${folder}/${registry}`, ...(takes("insecure") ? [] : after)]
      : []),
    ...(takes("insecure") ? paste("remove", { ...insecureRegistries, value: registry }) : []),
    ...(takes("mirror") && !takes("insecure")
      ? paste("remove", { ...registryMirrors, value: `https://${registry}/` })
      : []),
  ];
}

function trustLines(
  { registry: { registry }, authority }: TrustRequest,
  { folder, inside, after = [] }: CertificatePlace,
): readonly string[] {
  // A tilde is for the shell, and is not quoted.
  const there = `${folder}/${quoteWord(registry)}`;
  const sudo = folder.startsWith("~") ? "" : "sudo ";
  const lines = authority.certificates.flatMap(({ pem }) => pem.trimEnd().split("\n")).map(quoteWord);
  return [
    ...(inside === undefined ? [] : [`# in ${inside}:`]),
    `${sudo}mkdir -p ${there}`,
    `${sudo}test -e ${there}/ca.crt || { printf '%s\\n' ${lines.join(" ")} | ${sudo}tee ${there}/ca.crt >/dev/null; }`,
    ...after,
  ];
}

export const listLine = (item: Item) => `"${item.key}": ["${item.value}"]`;
export const flag = (item: Item) => `${item.flag} ${item.value}`;

/** What to do with a file that is JSON. */
export function editJson(action: Action, item: Item, path: string): string {
  return action === "add"
    ? `# add ${listLine(item)} to ${path}`
    : `# take "${item.value}" out of "${item.key}" in ${path}`;
}

/** The same where the engine is then reloaded, by which it does not forget a key that is gone. */
export function editLoadedJson(action: Action, item: Item): string {
  const line = editJson(action, item, "/etc/docker/daemon.json");
  return action === "add" ? line : `${line}; if it was the last, leave "${item.key}": []`;
}
