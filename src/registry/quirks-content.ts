/** How manifests and blobs are found, sent and deleted. */
import type { Quirk } from "./quirks.ts";

export const contentQuirks: readonly Quirk[] = [
  {
    id: "missing-manifest-unknown",
    system: "Distribution",
    quirk: "What is not there is MANIFEST_UNKNOWN",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "missing-name-unknown",
    system: "Amazon ECR",
    quirk: "A repository must be made before anything is pushed to it: NAME_UNKNOWN until then",
    source: "ECR's documentation, repository creation templates",
  },
  {
    id: "missing-by-words",
    system: "registry.redhat.io, Harbor 2.10",
    quirk: "What is not there is UNKNOWN with the words `not found`, and no 404",
    source: "containers/image docker/docker_client.go; Harbor 2.10.2",
  },
  {
    id: "missing-plain",
    system: "any behind a proxy",
    quirk: "What is not there is a 404 in plain text or HTML",
    source: "containers/image docker/docker_client.go",
  },
  {
    id: "manifest-by-accept",
    system: "Distribution",
    quirk:
      "A manifest whose type was not asked for is said to be missing, or is converted: all types are asked for",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "manifest-as-text",
    system: "Amazon ECR",
    quirk: "Manifests come as text/plain: what they say of themselves counts",
    source: "regclient/regclient scheme/reg",
  },
  {
    id: "head-without-digest",
    system: "any",
    quirk: "The head of a manifest comes without its digest, or not at all: the whole is asked for",
    source: "the OCI distribution specification 1.1, where the digest is optional",
  },
  {
    id: "blob-elsewhere",
    system: "any on S3, GCS or Azure",
    quirk: "Blobs come from another host, which fails when it is shown the registry's authorisation",
    source: "containers/image docker/docker_client.go",
  },
  {
    id: "mount-done",
    system: "Distribution",
    quirk: "A mounted blob is answered by 201",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "mount-not-done",
    system: "Distribution",
    quirk: "A mount that fails opens an upload instead, which stays unless it is used or cancelled",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "upload-elsewhere",
    system: "any on other storage",
    quirk: "An upload goes on at another host: without the registry's authorisation",
    source: "the OCI distribution specification 1.1, pushing blobs",
  },
  {
    id: "chunk-created",
    system: "Amazon ECR",
    quirk: "A chunk is answered by 201 in place of 202",
    source: "regclient/regclient scheme/reg/blob.go",
  },
  {
    id: "delete-by-tag",
    system: "Distribution 3, GitLab, zot",
    quirk: "A tag is deleted by its name; Distribution 3 does it even where deletion is switched off",
    source: "measured on Distribution 3.1",
  },
  {
    id: "delete-tag-invalid",
    system: "Distribution 2",
    quirk: "A tag in a deletion is DIGEST_INVALID, and a deleted digest takes all its tags along",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "delete-tag-unsupported",
    system: "Harbor",
    quirk: "A tag in a deletion is UNSUPPORTED, while digests can be deleted",
    source: "goharbor/harbor#11971",
  },
  {
    id: "delete-switched-off",
    system: "Distribution",
    quirk: "Where deletion is switched off, it is UNSUPPORTED with 405",
    source: "measured on docker-registry 2.8.2 and Distribution 3.1",
  },
  {
    id: "delete-read-only",
    system: "Distribution",
    quirk: "A registry that is read-only says 405 in plain text",
    source: "measured on docker-registry 2.8.2 and Distribution 3.1",
  },
  {
    id: "delete-ghcr",
    system: "GHCR",
    quirk: "Nothing is deleted by this protocol",
    source: "containers/skopeo#1880",
    hosts: /^ghcr\.io$/,
    deletion:
      "GitHub deletes versions of packages: gh api --method DELETE /orgs/ORG/packages/container/NAME/versions/ID",
  },
  {
    id: "delete-hub",
    system: "Docker Hub",
    quirk: "Nothing is deleted by this protocol",
    source: "distribution/distribution#1831",
    hosts: /^docker\.io$/,
    deletion:
      "Docker Hub deletes on its own pages: https://hub.docker.com/repository/docker/NAMESPACE/NAME/tags",
  },
  {
    id: "delete-with-tag",
    system: "Google Artifact Registry",
    quirk: "A manifest is not deleted as long as a tag is on it: with --digest its tags go first",
    source: "genuinetools/reg#136, of GCR",
  },
  {
    id: "delete-takes-siblings",
    system: "zot before 2024",
    quirk:
      "A deleted tag takes its manifest along, and leaves other tags on it with nothing: they are put back",
    source: "project-zot/zot#2626",
  },
];
