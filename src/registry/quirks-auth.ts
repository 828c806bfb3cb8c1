/** How registries want to know who asks, and how many requests they let pass. */
import type { Quirk } from "./quirks.ts";

export const authQuirks: readonly Quirk[] = [
  {
    id: "scope-of-deletion",
    system: "Distribution, Quay",
    quirk: "Distribution wants the right `delete`, Quay fails when it is named: both understand `*`",
    source: "containers/image docker/docker_image_src.go",
  },
  {
    id: "scope-granted-less",
    system: "any",
    quirk: "A token server grants less than was asked for and calls it success: the registry then refuses",
    source: "distribution docs/content/spec/auth/token.md",
  },
  {
    id: "artifactory-realm",
    system: "Artifactory",
    quirk: "Each repository key has a token server of its own, /artifactory/api/docker/KEY/v2/token",
    source: "Artifactory's answers to GET /v2/",
  },
  {
    id: "artifactory-path",
    system: "Artifactory",
    quirk: "The first part of a repository's name is its repository key: HOST/KEY/IMAGE",
    source: "Artifactory's documentation, repository path method",
  },
  {
    id: "nexus-basic",
    system: "Nexus",
    quirk: "Unless its Docker bearer token realm is enabled, it asks for a password with every request",
    source: "Nexus's documentation, Docker authentication",
  },
  {
    id: "harbor-robot",
    system: "Harbor",
    quirk: "Robots are named `robot$PROJECT+NAME`; in a shell the $ must be quoted",
    source: "Harbor's documentation, create robot accounts",
  },
  {
    id: "quay-robot",
    system: "Quay",
    quirk: "Robots are named `NAMESPACE+NAME`",
    source: "Quay's documentation, robot accounts",
  },
  {
    id: "gitlab-token-without-delete",
    system: "GitLab",
    quirk: "A CI job's token does not allow deletion",
    source: "gitlab-org/gitlab#19606",
  },
  {
    id: "ecr-token-expired",
    system: "Amazon ECR",
    quirk: "The user is AWS, and its password good for twelve hours; after that it says 403 in plain text",
    source: "ECR's documentation, private registry authentication",
    hosts: /\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/,
    login: "aws ecr get-login-password | regctl login REGISTRY --username AWS --password-stdin",
  },
  {
    id: "google-token",
    system: "Google Artifact Registry",
    quirk: "The user is oauth2accesstoken, and its password an access token of gcloud",
    source: "cloud.google.com/artifact-registry/docs/docker/authentication",
    hosts: /(^|[.-])(docker\.pkg\.dev|gcr\.io)$/,
    login:
      "gcloud auth print-access-token | regctl login REGISTRY --username oauth2accesstoken --password-stdin",
  },
  {
    id: "hub-host",
    system: "Docker Hub",
    quirk: "References say docker.io, its API answers at registry-1.docker.io",
    source: "moby daemon/pkg/registry/config.go",
  },
  {
    id: "hub-credentials-key",
    system: "Docker Hub",
    quirk: "Its login is kept under https://index.docker.io/v1/",
    source: "docker/cli cli/config/credentials",
  },
  {
    id: "hub-limit-near",
    system: "Docker Hub",
    quirk: "It counts manifests that are fetched and says how many are left: noted once when a tenth is left",
    source: "docs.docker.com/docker-hub/usage/pulls",
  },
  {
    id: "hub-limit-reached",
    system: "Docker Hub",
    quirk: "At the limit it answers 429 with words of its own, and no Retry-After",
    source: "docs.docker.com/docker-hub/usage/pulls",
  },
];
