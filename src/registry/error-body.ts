/**
 * What a registry, a token server or a proxy before them says when it refuses: the OCI's JSON if it is one, else
 * whatever a person can read out of it. Pure.
 */
import { oneLine } from "./header-text.ts";
import { type JsonObject, listOf, objectOf, parseJson, textOf } from "./json.ts";
import { redactText } from "./redact.ts";

/** One thing that was wrong. Texts are one line, bounded, and without secrets of URLs. */
export interface RegistryFault {
  /** `MANIFEST_UNKNOWN`, in upper case; null when none was given. */
  readonly code: string | null;
  readonly message: string;
  readonly detail?: string;
}

/** Error bodies are read up to here; what comes after would not be shown. */
const mostErrorBytes = 64 * 1024;
const mostFaults = 20;
const mostHtml = 8192;

/** None when the body is empty. The content type matters for HTML alone: JSON comes as text/plain too. */
export function parseErrorBody(
  body: Uint8Array | string,
  contentType?: string | null,
): readonly RegistryFault[] {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body.subarray(0, mostErrorBytes));
  const value = parseJson(text);
  const told = faultsOf(value).slice(0, mostFaults);
  if (told.length > 0) return told;
  // Strange JSON is shown as it is rather than lost.
  const isHtml = /\bhtml\b/i.test(contentType ?? "") || /^\s*</.test(text);
  const message = readable(isHtml ? textOfHtml(text) : text);
  return message === "" || message === "{}" ? [] : [{ code: null, message }];
}

function faultsOf(value: unknown): readonly RegistryFault[] {
  const object = objectOf(value);
  if (object === undefined) return typeof value === "string" ? faultOf({ message: value }) : [];
  const errors = listOf(object.errors);
  if (errors === undefined) return faultOf(object);
  return errors.flatMap((item) => faultOf(objectOf(item) ?? { message: item }));
}

/** Besides the OCI's own: OAuth2 (`error_description`), Docker's token server (`details`), Google (`error: {…}`), v1. */
function faultOf(object: JsonObject): readonly RegistryFault[] {
  const inner = objectOf(object.error);
  if (inner !== undefined) return faultOf({ ...inner, error: undefined });
  const error = textOf(object.error);
  const spoken = ["message", "error_description", "details", "title"].map((key) => textOf(object[key]));
  const code = codeOf(object.code) ?? codeOf(object.error);
  const message = readable(spoken.find((text) => text !== undefined) ?? error ?? wordsOf(code));
  if (message === "") return [];
  const detail = detailOf(object.detail);
  return [{ code, message, ...(detail === "" || detail === message ? {} : { detail }) }];
}

/** Numbers are HTTP's statuses once more, and texts with spaces are messages. */
function codeOf(value: unknown): string | null {
  const text = textOf(value);
  return text !== undefined && /^[A-Za-z]\w{0,60}$/.test(text) ? text.toUpperCase() : null;
}

function wordsOf(code: string | null): string {
  return code === null ? "" : code.toLowerCase().replaceAll("_", " ");
}

/** Details have any shape. Texts and the texts of one object say something: `digest: sha256:…`. */
function detailOf(value: unknown): string {
  if (typeof value === "string") return readable(value);
  const parts = Object.entries(objectOf(value) ?? {}).flatMap(([key, part]) =>
    typeof part === "string" || typeof part === "number" ? [`${key}: ${part}`] : [],
  );
  return readable(parts.join(", "));
}

function readable(text: string): string {
  return oneLine(redactText(text.slice(0, mostHtml)));
}

/** The title, or all the words when there is none. */
function textOfHtml(html: string): string {
  const start = html.slice(0, mostHtml);
  const title = /<title[^<>]*>([^<]+)/i.exec(start)?.[1]?.trim() ?? "";
  const words = title !== "" ? title : start.replaceAll(/<[^<>]*>/g, " ");
  return words
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

/** All of them in one line: `manifest unknown (digest: sha256:…); …`. Empty for none. */
export function renderFaults(faults: readonly RegistryFault[]): string {
  const lines = faults.map(({ message, detail }) =>
    detail === undefined ? message : `${message} (${detail})`,
  );
  return [...new Set(lines)].join("; ");
}

/** The whole body as one line for a person; null when it says nothing. */
export function messageOfErrorBody(body: Uint8Array | string, contentType?: string | null): string | null {
  return renderFaults(parseErrorBody(body, contentType)) || null;
}

const notFoundCodes = new Set(["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "BLOB_UNKNOWN", "NOT_FOUND"]);

/**
 * Whether an answer says that what was asked for is not there. Besides 404 some say so with an unknown code and
 * words only (registry.redhat.io, Harbor 2.10).
 */
export function meansNotFound(status: number, faults: readonly RegistryFault[]): boolean {
  if (status === 404) return true;
  return faults.some(
    ({ code, message }) =>
      (code !== null && notFoundCodes.has(code)) || (code === "UNKNOWN" && /\bnot found$/i.test(message)),
  );
}
