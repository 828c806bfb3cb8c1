/** helm, oras and crane, about themselves. */
import type { MessageRow } from "./row.ts";

export const clientRows: readonly MessageRow[] = [
  {
    id: "helm-version",
    says: "unable to locate any tags in provided repository",
    match:
      /unable to locate any tags in provided repository|[Cc]ould not locate a version matching provided version string/,
    who: "helm",
    means: ({ registry }) => ({
      code: "NOT_FOUND",
      message:
        "There is no chart of that name or version: helm looks for tags that are versions, such as 1.2.3.",
      remedies: [`regctl tags ${registry}/NAME`, `helm pull oci://${registry}/NAME --version 1.2.3`],
    }),
  },
  {
    id: "helm-not-a-chart",
    says: "manifest does not contain minimum number of descriptors (2), descriptors found: 1",
    match:
      /manifest does not contain minimum number of descriptors|could not load config with mediatype application\/vnd\.cncf\.helm\.config|unable to find the (?:chart|manifest)/i,
    who: "helm",
    means: ({ registry }) => ({
      code: "MEDIA_TYPE_REFUSED",
      message: "What stands under this name is an image or another artifact, and no chart.",
      remedies: [`regctl inspect ${registry}/NAME:TAG`],
    }),
  },
  {
    id: "helm-scheme",
    says: "could not find protocol handler for: ",
    match:
      /could not find protocol handler for|invalid_reference: invalid (?:registry|repository|tag)|repo \S{1,200} not found/,
    who: "helm",
    means: ({ registry }) => ({
      code: "BAD_REFERENCE",
      message:
        "helm did not take this for a chart in a registry: those begin with oci:// and have no tag in the name.",
      remedies: [`helm pull oci://${registry}/NAME --version VERSION`],
    }),
  },
  {
    id: "no-content-length",
    says: "unknown response Content-Length",
    match:
      /unknown response Content-Length|missing (?:header|Docker-Content-Digest)|invalid response digest|missing response header/,
    means: ({ registry }) => ({
      code: "NOT_A_REGISTRY",
      message: `What answers at ${registry} does not speak as registries do: a web server, or a proxy that takes headers away.`,
      remedies: [`regctl doctor ${registry}`],
    }),
  },
];
