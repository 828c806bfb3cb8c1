/** How lists of tags and repositories differ. */
import type { Quirk } from "./quirks.ts";

export const listQuirks: readonly Quirk[] = [
  {
    id: "cursor-relative",
    system: "Distribution",
    quirk: "The link to the next page is relative, its `last` before its `n`",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "cursor-absolute",
    system: "Amazon ECR",
    quirk: "The link to the next page is absolute, its cursor an opaque NextToken",
    source: "deitch/docker_registry2#34",
  },
  {
    id: "cursor-foreign-query",
    system: "Quay",
    quirk:
      "The link to the next page has a query of its own (`next_page`), and pages have 50 entries at most",
    source: "deitch/docker_registry2#56; quay/quay#2884 ended it in 2024",
  },
  {
    id: "cursor-rebuilt-refused",
    system: "Amazon ECR Public",
    quirk: "It answers 405 to a next page that a client made itself by `last`",
    source: "CodesWhat/drydock#927",
  },
  {
    id: "cursor-wrong-scheme",
    system: "any behind a proxy",
    quirk:
      "The link to the next page says http where the registry is reached by https, or the other way round",
    source: "distribution docs/content/recipes/nginx.md (X-Forwarded-Proto)",
  },
  {
    id: "cursor-goes-round",
    system: "any",
    quirk: "The pages of a list lead back to an earlier one: an error rather than a hang",
    source: "no case known; a guard",
  },
  {
    id: "list-endless",
    system: "any",
    quirk: "Ever new cursors lead to pages on which nothing is new: an error rather than a hang",
    source: "no case known; a guard",
  },
  {
    id: "page-size-invalid",
    system: "Distribution",
    quirk: "A page of more than 1000 repositories (or what `catalog.maxentries` says) is refused with 400",
    source: "measured on docker-registry 2.8.2; Joxit/docker-registry-ui#306",
  },
  {
    id: "page-size-unsupported",
    system: "Amazon ECR",
    quirk: "A page that is too large is refused as UNSUPPORTED",
    source: "google/go-containerregistry#681",
  },
  {
    id: "page-size-too-large",
    system: "Quay",
    quirk: "A page that is too large is refused with 413",
    source: "quay/quay#2884",
  },
  {
    id: "page-size-ignored",
    system: "Distribution 2",
    quirk: "All tags come on one page, whatever size was asked for",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "tags-null",
    system: "Distribution 2",
    quirk: "A repository whose last tag was deleted has null for its list of tags",
    source: "measured on docker-registry 2.8.2",
  },
  {
    id: "tags-hold-null",
    system: "Nexus",
    quirk: "Null stands among the tags",
    source: "containers/skopeo#2409",
  },
  {
    id: "tags-hold-digests",
    system: "Artifactory",
    quirk: "Digests stand among the tags: they are left out, and `--verbose` says so",
    source: "containers/skopeo#2346",
  },
  {
    id: "json-as-text",
    system: "Amazon ECR",
    quirk: "JSON comes as text/plain",
    source: "Amazon ECR's answers to tags/list",
  },
  {
    id: "catalog-absent",
    system: "GHCR",
    quirk: "There is no list of repositories: 404",
    source: "the OCI distribution specification, which has no such list",
    hosts: /^ghcr\.io$/,
    catalog: ["GitHub lists packages itself: gh api '/orgs/ORG/packages?package_type=container'"],
  },
  {
    id: "catalog-closed-hub",
    system: "Docker Hub",
    quirk: "There is no list of repositories: 401 for everybody",
    source: "the OCI distribution specification, which has no such list",
    hosts: /^docker\.io$/,
    catalog: ["docker search TERM"],
  },
  {
    id: "catalog-forbidden",
    system: "Harbor, GitLab",
    quirk: "Only administrators see the list of repositories",
    source: "goharbor/harbor#6784",
    hosts: /^registry\.gitlab\.com$/,
    catalog: ["GitLab lists them by project: glab api projects/GROUP%2FPROJECT/registry/repositories"],
  },
];
