/** What a registry can do, found out without changing anything. */
import { RegctlError } from "../errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import type { Digest } from "../registry/digest.ts";

/** null: it did not let itself be asked, mostly for want of rights. */
export interface Capabilities {
  readonly catalog: boolean | null;
  /** Heeds the size of a page of tags. */
  readonly tagPaging: boolean | null;
  readonly delete: boolean | null;
  readonly referrers: boolean | null;
}

/** No repository of this name is needed. */
const probeRepository = "regctl-probe";

export async function probeCapabilities(client: RegistryClient, random: () => number): Promise<Capabilities> {
  const { catalog, repository } = await probeCatalog(client);
  const nowhere = randomDigest(random);
  const [tagPaging, canDelete, referrers] = await Promise.all([
    repository === null ? null : probeTagPaging(client, repository),
    probeDelete(client, nowhere),
    probeReferrers(client, repository ?? probeRepository, nowhere),
  ]);
  return { catalog, tagPaging, delete: canDelete, referrers };
}

/** A digest that nothing has. */
function randomDigest(random: () => number): Digest {
  const digits = Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16));
  return `sha256:${digits.join("")}`;
}

async function probeCatalog(
  client: RegistryClient,
): Promise<{ readonly catalog: boolean | null; readonly repository: string | null }> {
  try {
    for await (const { entries } of client.catalogPages({ pageSize: 1 })) {
      return { catalog: true, repository: entries[0] ?? null };
    }
    return { catalog: true, repository: null };
  } catch (error) {
    return { catalog: verdictOf(error), repository: null };
  }
}

/** Null too for a repository with one tag, which shows nothing. */
async function probeTagPaging(client: RegistryClient, repository: string): Promise<boolean | null> {
  try {
    for await (const { entries, more } of client.tagPages(repository, { pageSize: 1 })) {
      if (entries.length > 1) return false;
      return more ? true : null;
    }
    return null;
  } catch (error) {
    return verdictOf(error) === false ? null : verdictOf(error);
  }
}

/** Deletes what is not there: a registry that may delete says so, one that may not refuses first. */
async function probeDelete(client: RegistryClient, nowhere: Digest): Promise<boolean | null> {
  try {
    const result = await client.deleteManifest(probeRepository, nowhere);
    return result === "not-there" || result === "deleted";
  } catch (error) {
    return verdictOf(error);
  }
}

async function probeReferrers(
  client: RegistryClient,
  repository: string,
  nowhere: Digest,
): Promise<boolean | null> {
  try {
    return (await client.listReferrers(repository, nowhere)).from === "registry";
  } catch (error) {
    return verdictOf(error);
  }
}

/** Who is not let in learns nothing; any other refusal is a no. What breaks the whole is thrown. */
function verdictOf(error: unknown): boolean | null {
  if (!(error instanceof RegctlError)) throw error;
  if (["UNAUTHORIZED", "DENIED", "TOKEN_REALM_REFUSED"].includes(error.code)) return null;
  if (["NOT_FOUND", "REGISTRY_ERROR", "CONTENT_BROKEN"].includes(error.code)) return false;
  throw error;
}
