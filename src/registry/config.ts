/** The configuration of an image: what runs, and how each layer came about. Every tool leaves some of it out. Pure. */
import { RegctlError } from "../errors.ts";
import { type Digest, parseDigest } from "./digest.ts";
import {
  defined,
  type JsonObject,
  listOf,
  objectOf,
  parseJson,
  textOf,
  textRecordOf,
  textsOf,
} from "./json.ts";
import { type Platform, platformOf } from "./platform.ts";

export interface ImageConfig {
  readonly platform: Platform | null;
  /** RFC 3339, UTC; left out when the builder hid it behind the year 1. */
  readonly created?: string;
  readonly author?: string;
  /** `NAME=VALUE`. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  /** `80/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal?: string;
  /** The base first; empty for what is no container image. */
  readonly history: readonly HistoryEntry[];
  /** Digests of the unpacked layers, the base first. */
  readonly diffIds: readonly Digest[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  /** No layer belongs to this step. */
  readonly emptyLayer: boolean;
}

/** Real ones have kilobytes; a longer one is not read into memory. */
const mostConfigBytes = 8 * 1024 * 1024;

/** `what` names it in the error. Throws CONTENT_BROKEN when it is no JSON object, or too long. */
export function parseImageConfig(content: Uint8Array | string, what: string): ImageConfig {
  const object = content.length > mostConfigBytes ? undefined : objectOf(parseJson(content));
  if (object === undefined) {
    const problem = content.length > mostConfigBytes ? "it is far too long" : "it is no JSON object";
    throw new RegctlError("CONTENT_BROKEN", { what, problem });
  }
  const run = objectOf(object.config) ?? {};
  return {
    platform: platformOf(object),
    env: textsOf(run.Env),
    entrypoint: wordsOf(run.Entrypoint),
    cmd: wordsOf(run.Cmd),
    exposedPorts: Object.keys(objectOf(run.ExposedPorts) ?? {}),
    volumes: Object.keys(objectOf(run.Volumes) ?? {}),
    labels: textRecordOf(run.Labels) ?? {},
    history: (listOf(object.history) ?? []).map((step) => readStep(objectOf(step) ?? {})),
    diffIds: textsOf(objectOf(object.rootfs)?.diff_ids)
      .map(parseDigest)
      .filter((digest) => digest !== null),
    ...defined({
      created: timeOf(object.created),
      author: textOf(object.author),
      workingDir: textOf(run.WorkingDir),
      user: textOf(run.User),
      stopSignal: textOf(run.StopSignal),
    }),
  };
}

/** Docker's first versions wrote a command as one text. */
function wordsOf(value: unknown): readonly string[] {
  const text = textOf(value);
  return text === undefined ? textsOf(value) : [text];
}

function readStep(step: JsonObject): HistoryEntry {
  return {
    emptyLayer: step.empty_layer === true,
    ...defined({
      created: timeOf(step.created),
      createdBy: textOf(step.created_by),
      comment: textOf(step.comment),
    }),
  };
}

/** Go writes up to nine decimals and any zone; its zero time is the year 1, which means that nobody told. */
function timeOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/i.test(text)) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1970 ? undefined : time.toISOString();
}
