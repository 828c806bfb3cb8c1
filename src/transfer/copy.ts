/** `copy`: images from one place to another, their bytes unchanged. */
import pLimit from "p-limit";
import type { TrustFlags } from "../access/open.ts";
import type { AccessWorld } from "../access/world.ts";
import { RegctlError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import { isReferrersTag } from "../registry/companion-tags.ts";
import { parsePlatform } from "../registry/platform.ts";
import { parseTagFilter } from "../registry/tag-filter.ts";
import { createBlobMover } from "./blob-mover.ts";
import { copyImage, type ImageCopy } from "./copy-image.ts";
import { type CopyPair, pairNamed, pairOf, renderEnd } from "./ends.ts";
import type { ImageSource } from "./image-source.ts";
import { createMeter } from "./meter.ts";
import { type ChosenEnds, chooseEnds, type OpenedEnds, openEnds } from "./open-ends.ts";
import type { CopyItem, CopyOutcome } from "./outcome.ts";
import { outlive } from "./outlive.ts";

export interface CopyInput {
  readonly source: string;
  readonly destination: string;
  readonly registry?: string | undefined;
  readonly trust: TrustFlags;
  readonly sourceTrust: TrustFlags;
  readonly platform?: string | undefined;
  readonly referrers: boolean;
  readonly allTags: boolean;
  readonly filter?: string | undefined;
  readonly dryRun: boolean;
  readonly overwrite: boolean;
  readonly timeoutSeconds?: number | undefined;
}

export interface Copied {
  readonly document: CopyOutcome;
  readonly exitCode: number;
}

/** With one image its error is thrown; with `--all-tags` it stands in its item. */
export async function copyImages(input: CopyInput, world: AccessWorld): Promise<Copied> {
  if (input.filter !== undefined && !input.allTags) {
    throw new RegctlError("USAGE", {
      problem: "--filter chooses among all tags",
      type: "--all-tags --filter 'v1.*'",
    });
  }
  const platform = input.platform === undefined ? null : parsePlatform(input.platform);
  const ends = await chooseEnds(input, world);
  const lives = outlive(world.signal);
  const ending = new AbortController();
  const signal = AbortSignal.any([world.signal, ending.signal]);
  const opened = await openEnds(
    ends,
    input,
    { ...world, signal: lives.signal },
    { signal, dryRun: input.dryRun },
  );
  const now = () => world.clock.now().getTime();
  const sleep = (ms: number, over?: AbortSignal) =>
    world.clock.sleep(ms, over === undefined ? signal : AbortSignal.any([signal, over]));
  const what = `copy ${renderEnd(ends.from.end)}`;
  const meter = createMeter({ emit: world.emit, host: opened.target.name, what, now });
  const mover = createBlobMover({ ...opened, meter, sleep, now, signal });
  try {
    const { referrers, dryRun } = input;
    const put = new Map();
    const shared = {
      ...opened,
      from: ends.from.end,
      to: ends.to.end,
      mover,
      put,
      platform,
      referrers,
      dryRun,
      now,
    };
    const copied = await copyEach(input, ends, shared, world);
    meter.tell();
    if (!dryRun && copied.document.items.some(({ error }) => error === undefined))
      await opened.target.commit();
    return copied;
  } catch (error) {
    // What else is under way stops, and is kept for the next run where it can be.
    ending.abort(error);
    throw error;
  } finally {
    await mover.settled();
    await opened.close();
    lives.end();
  }
}

const imagesAtOnce = 6;

async function copyEach(
  input: CopyInput,
  ends: ChosenEnds,
  copy: ImageCopy & OpenedEnds,
  world: AccessWorld,
): Promise<Copied> {
  const { dryRun } = input;
  if (!input.allTags) {
    const item = await copyImage(pairOf(ends.from.end), null, copy);
    return { document: { dryRun, items: [item] }, exitCode: 0 };
  }
  const names = await namesToCopy(input, copy.source);
  // In a file images stand in the order of their names at the source, not in that of their arrival.
  const limit = pLimit(copy.target.place === null ? 1 : imagesAtOnce);
  const codes: number[] = [];
  const run = async (name: string): Promise<CopyItem> => {
    const pair = pairNamed(ends.from.end, name);
    try {
      world.signal.throwIfAborted();
      return await copyImage(pair, name, copy);
    } catch (error) {
      if (world.signal.aborted) throw error;
      const known = toRegctlError(error);
      codes.push(exitCodeOf[known.code]);
      return failedItem(pair, known, copy);
    }
  };
  const items = await Promise.all(names.map((name) => limit(run, name)));
  const [first = 0] = codes;
  const document = codes.length === 0 ? { dryRun, items } : { ok: false as const, dryRun, items };
  return { document, exitCode: codes.every((code) => code === first) ? first : 1 };
}

/** Throws NOT_FOUND when there is nothing to copy. */
async function namesToCopy(input: CopyInput, source: ImageSource): Promise<readonly string[]> {
  const filter = input.filter === undefined ? null : parseTagFilter(input.filter);
  const names = await source.names();
  // The lists of referrers are made anew at the destination, of what goes there; signatures go with their images.
  const wanted = names.filter(
    (name) => (filter === null || filter.matches(name)) && !(input.referrers && isReferrersTag(name)),
  );
  if (wanted.length > 0) return wanted;
  const reason = filter === null ? "it has no tags" : `none of its ${names.length} tags fits ${filter.text}`;
  throw new RegctlError("NOT_FOUND", { what: source.name, reason });
}

function failedItem(pair: CopyPair, error: RegctlError, { to }: ImageCopy): CopyItem {
  const { code, message, remedies } = explain(error);
  return {
    source: pair.source,
    destination: renderEnd(to),
    digest: null,
    pull: null,
    bytesMoved: 0,
    bytesReused: 0,
    blobs: { moved: 0, reused: 0, mounted: 0 },
    manifests: 0,
    referrers: 0,
    replaced: null,
    changed: false,
    leftOut: [],
    seconds: 0,
    error: { code, message, remedies },
  };
}
