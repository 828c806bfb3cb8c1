/** What `pull` is asked for, judged before anything is done. */
import type { TrustFlags } from "../access/open.ts";
import { chooseImage } from "../access/which-image.ts";
import type { AccessWorld } from "../access/world.ts";
import type { Settings } from "../config/settings.ts";
import { RegctlError } from "../errors.ts";
import { type Platform, parsePlatform } from "../registry/platform.ts";
import { type Reference, withDefaultTag } from "../registry/reference.ts";
import { type FileEndpoint, parseEndpoint } from "../transfer/endpoint.ts";
import type { Way } from "./choose-way.ts";
import { parseLocalNames } from "./local-names.ts";

export interface PullInput extends TrustFlags {
  /** NAME[:TAG] and NAME@DIGEST. */
  readonly references: readonly string[];
  readonly as: readonly string[];
  readonly output?: string | undefined;
  readonly via?: Way | undefined;
  readonly platform?: string | undefined;
  readonly registry?: string | undefined;
  readonly context?: string | undefined;
  /** A file that is there may be replaced. */
  readonly overwrite: boolean;
  readonly timeoutSeconds?: number | undefined;
  /** Of this machine, for files that hold one platform. */
  readonly machine: Platform;
}

export interface MeantImage {
  readonly reference: Reference;
  readonly settings: Settings;
}

export interface JudgedInput {
  readonly images: readonly MeantImage[];
  readonly as: readonly string[];
  readonly output: FileEndpoint | null;
  readonly platform: Platform | null;
}

/** Throws USAGE, BAD_REFERENCE, BAD_REGISTRY. */
export async function judgeInput(input: PullInput, world: AccessWorld): Promise<JudgedInput> {
  const output = input.output === undefined ? null : parseOutput(input.output);
  const as = parseLocalNames(input.as);
  const platform = input.platform === undefined ? null : parsePlatform(input.platform);
  const problem = problemOf(input, output);
  if (problem !== null) throw new RegctlError("USAGE", problem);
  const images: MeantImage[] = [];
  for (const given of input.references) images.push(await meant(given, input, world));
  return { images, as, output, platform };
}

async function meant(given: string, input: PullInput, world: AccessWorld): Promise<MeantImage> {
  const { reference, settings } = await chooseImage(given, input, world);
  const whole = withDefaultTag(reference);
  if (whole.tag !== reference.tag)
    world.emit({ event: "note", note: `${given} names no tag: latest is meant` });
  return { reference: whole, settings };
}

function parseOutput(text: string): FileEndpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint.kind === "registry") {
    const problem = `--output writes a file, and "${text}" names none`;
    throw new RegctlError("USAGE", { problem, type: `--output docker-archive:${text}` });
  }
  return endpoint;
}

function problemOf(
  { references, as, via, context }: PullInput,
  output: FileEndpoint | null,
): { readonly problem: string; readonly type: string } | null {
  const several = references.length > 1;
  if (several && as.length > 0) {
    return {
      problem: "--as names one image, and several are pulled",
      type: `regctl pull ${references[0]} --as ${as[0]}`,
    };
  }
  if (output === null) return null;
  if (as.length > 0) {
    const type = `--output docker-archive:FILE:${as[0]}`;
    return {
      problem: "--as names an image in an engine: what it is called in a file stands behind the file",
      type,
    };
  }
  if (via !== undefined || context !== undefined) {
    return {
      problem: "--output needs no engine, so --via and --context mean nothing",
      type: "--output alone",
    };
  }
  if (several && (output.kind !== "oci" || output.name !== null)) {
    return { problem: "several images go into an OCI layout, each under its tag", type: "--output oci:DIR" };
  }
  return null;
}
