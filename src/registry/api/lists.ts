/** Lists that come in pages: of repositories, and of tags. */

import { RegctlError } from "../../errors.ts";
import { isDigest } from "../digest.ts";
import type { RegistryResponse } from "../http/send.ts";
import { objectOf, parseJson, textsOf } from "../json.ts";
import { parseLinks } from "../link-header.ts";
import { resolveLocation } from "../location.ts";
import { catalogScope, repositoryScope, type Scope } from "../scope.ts";
import { call, longestList, nameOf, type RegistryCall } from "./call.ts";

export interface PageOptions {
  /** Entries on a page, as far as the registry heeds it. The largest that all take is 1000. */
  readonly pageSize?: number;
  /** Begins behind this entry. */
  readonly last?: string;
}

export interface Page {
  readonly entries: readonly string[];
  /** More pages follow. */
  readonly more: boolean;
}

const usualPageSize = 1000;

/** Names of repositories. Registries may refuse: Docker Hub and GHCR have no such list. */
export function catalogPages(registry: RegistryCall, options: PageOptions = {}): AsyncGenerator<Page> {
  const source = { path: "_catalog", field: "repositories", scopes: [catalogScope], what: registry.registry };
  return pages(registry, source, options);
}

/** Throws NOT_FOUND when there is no such repository (some registries say so of one without tags). */
export function tagPages(
  registry: RegistryCall,
  repository: string,
  options: PageOptions = {},
): AsyncGenerator<Page> {
  const source = {
    path: `${repository}/tags/list`,
    field: "tags",
    scopes: [repositoryScope(repository, "pull")],
    what: nameOf(registry, repository),
  };
  return pages(registry, source, options);
}

interface Source {
  readonly path: string;
  readonly field: string;
  readonly scopes: readonly Scope[];
  readonly what: string;
}

/** An endless list is given up: so many pages, and so many in a row without a new entry, no registry needs. */
const mostPages = 20_000;
const mostPagesWithoutNews = 100;

async function* pages(registry: RegistryCall, source: Source, options: PageOptions): AsyncGenerator<Page> {
  let response = await firstPage(registry, source, options);
  const cursors = new Set<string>();
  const known = new Set<string>();
  for (let withoutNews = 0; ; ) {
    const next = nextOf(response);
    const entries = entriesOf(registry, response, source);
    const before = known.size;
    for (const entry of entries) known.add(entry);
    withoutNews = known.size === before ? withoutNews + 1 : 0;
    yield { entries, more: next !== null };
    if (next === null) return;
    const endless = cursors.size >= mostPages || withoutNews >= mostPagesWithoutNews;
    if (endless || cursors.has(next.href)) throw goesRound(registry, next);
    cursors.add(next.href);
    response = await read(registry, source, next, [200]);
  }
}

const tooMany = [400, 405, 413, 422];

async function firstPage(
  registry: RegistryCall,
  source: Source,
  options: PageOptions,
): Promise<RegistryResponse> {
  const { pageSize = usualPageSize, last } = options;
  const url = new URL(`/v2/${source.path}`, registry.base);
  if (last !== undefined) url.searchParams.set("last", last);
  const sized = new URL(url);
  sized.searchParams.set("n", String(pageSize));
  const response = await read(registry, source, sized, [200, ...tooMany]);
  // A registry with a lower limit refuses rather than gives less, Quay by 413.
  return response.status === 200 ? response : await read(registry, source, url, [200]);
}

function read(
  registry: RegistryCall,
  source: Source,
  url: URL,
  expect: readonly number[],
): Promise<RegistryResponse> {
  const { scopes, what } = source;
  return call(registry, "GET", url, { scopes, what, expect, answer: longestList });
}

/** The cursor is the registry's own: it is followed, never made. */
function nextOf({ headers, url }: RegistryResponse): URL | null {
  const next = parseLinks(headers.link ?? "").find(({ relations }) => relations.includes("next"));
  return next === undefined ? null : resolveLocation(next.target, url);
}

/** Null in place of a list, and null in it, are nothing. Artifactory lists digests among its tags: they are none. */
function entriesOf(
  { registry, emit }: RegistryCall,
  { bytes }: RegistryResponse,
  { field, path }: Source,
): readonly string[] {
  const entries = textsOf(objectOf(parseJson(bytes))?.[field]);
  const names = entries.filter((entry) => !isDigest(entry));
  const left = entries.length - names.length;
  if (left > 0)
    emit({
      event: "trace",
      host: registry,
      trace: `${path}: left out ${left === 1 ? "1 digest" : `${left} digests`}`,
    });
  return names;
}

function goesRound({ registry }: RegistryCall, url: URL): RegctlError {
  return new RegctlError("REGISTRY_ERROR", {
    registry,
    request: `GET ${url.pathname}`,
    status: 200,
    message: "its pages do not come to an end",
  });
}
