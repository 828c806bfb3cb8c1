/** REPOSITORY:TAG, what an engine calls the images of an archive. Pure. */
import { isRegctlError } from "../errors.ts";
import { parseReference, type Reference, renderFamiliar, withDefaultTag } from "../registry/reference.ts";

/** Names without a registry are Docker Hub's here, whatever the default registry: so engines read them. */
export function parseArchiveName(name: string): Reference {
  const { registry, repository, tag = "latest" } = withDefaultTag(parseReference(name));
  return { registry, repository, tag };
}

/** `app:1` for `docker.io/library/app:1`, as `docker save` writes it. Throws BAD_REFERENCE. */
export function archiveNameOf(name: string): string {
  return renderFamiliar(parseArchiveName(name));
}

/** The same for names that a file holds: null for what is no name, such as `<none>:<none>`. */
export function readArchiveName(name: string): string | null {
  try {
    return archiveNameOf(name);
  } catch (error) {
    if (isRegctlError(error, "BAD_REFERENCE")) return null;
    throw error;
  }
}
