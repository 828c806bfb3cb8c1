/** What registries and whatever stands before them answer when they are in trouble, by status or by a code of the specification. */
import type { MessageRow } from "./row.ts";
import { status } from "./status.ts";

export const answerRows: readonly MessageRow[] = [
  {
    id: "too-large",
    says: "413 Request Entity Too Large",
    match: new RegExp(
      `${status("413").source}|413 (?:Request Entity|Payload) Too Large|SIZE_INVALID: [^\\n]{0,60}too large`,
    ),
    means: ({ Named, registry }) => ({
      code: "UPLOAD_LIMIT",
      message: `Something in front of ${Named.replace("The", "the")} limits the size of an upload, and a layer is larger.`,
      remedies: [
        "In nginx, for the server of the registry: client_max_body_size 0; proxy_request_buffering off;",
        'On a Kubernetes ingress: nginx.ingress.kubernetes.io/proxy-body-size: "0"',
        "Behind Cloudflare the plan sets the limit; use a name that goes past it",
        `regctl doctor ${registry}`,
      ],
    }),
  },
  {
    id: "rate-limited",
    says: "toomanyrequests: You have reached your pull rate limit",
    match: new RegExp(
      `toomanyrequests|TOOMANYREQUESTS|${status("429").source}|429 Too Many Requests|pull rate limit`,
    ),
    means: ({ registry, Named }) => ({
      code: "RATE_LIMITED",
      message: `${Named} takes no more requests from this address or account for a while.`,
      remedies: [
        `regctl login ${registry}`,
        ...(registry === "docker.io" ? ["regctl setup mirror https://MIRROR"] : []),
        "Or keep a copy in a registry of your own: regctl copy docker.io/library/NAME:TAG HOST:PORT/NAME:TAG",
      ],
    }),
  },
  {
    id: "portal",
    says: "error unmarshalling content: invalid character '<' looking for beginning of value",
    match:
      /error unmarshalling content: invalid character '<'|unexpected media type text\/html|(?:initializing image from source|Error parsing manifest for image|pinging container registry)[^\n]{0,300}: invalid character '<'|error parsing HTTP (?:200|302|403|407|511) response body: (?:no error details found in HTTP response body|invalid character)|StatusCode: (?:200|302|403|511), "?<(?:html|!DOCTYPE)|\b(?:denied|unauthorized): <(?:html|!DOCTYPE)/i,
    means: (at) => [
      {
        code: "PORTAL",
        message: `A web page came instead of an answer of ${at.named}: a proxy, a portal that wants a login, or a firewall of a reverse proxy.`,
        remedies: [
          `regctl doctor ${at.registry}`,
          `See the page: curl -sL http://${at.registry}/v2/`,
          `If a proxy of the engine stands between, add ${at.host} to its NO_PROXY`,
        ],
      },
      {
        code: "NOT_A_REGISTRY",
        message: "What answers there is a web server and no registry: the wrong host or port.",
        remedies: [`regctl doctor ${at.registry}`],
      },
    ],
  },
  {
    id: "not-a-registry",
    says: "error parsing HTTP 404 response body: invalid character '<' looking for beginning of value",
    match:
      /error parsing HTTP (?:404|405|301) response body: |pinging (?:container|docker) registry \S{1,260}: StatusCode: 404|\/v2\/: unexpected status code 404|\bunknown: <(?:html|!DOCTYPE)|404 page not found|registry endpoint[^\n]{0,200}not found/,
    means: ({ registry }) => ({
      code: "NOT_A_REGISTRY",
      message: `What answers at ${registry} is no registry: a web server, or a reverse proxy that does not pass /v2/ on.`,
      remedies: [
        `regctl doctor ${registry}`,
        "In the reverse proxy, pass /v2/ on as it is, with no prefix taken away",
      ],
    }),
  },
  {
    id: "disk-full",
    says: "no space left on device",
    match: new RegExp(
      `no space left on device|ENOSPC|disk quota exceeded|Insufficient Storage|${status("507").source}`,
    ),
    means: ({ host }) => ({
      code: "DISK_FULL",
      message: "A disk is full: the engine's while pulling or building, the registry's while pushing.",
      remedies: [
        "df -h /var/lib/docker /var/lib/containerd /var/lib/containers",
        "docker system df",
        `On ${host}: df -h`,
      ],
    }),
  },
  {
    id: "bad-gateway",
    says: "received unexpected HTTP status: 502 Bad Gateway",
    match: new RegExp(
      `${status("5\\d\\d").source}|50[0234] (?:Bad Gateway|Service (?:Temporarily )?Unavailable|Internal Server Error|Gateway Time-?out)|(?:Web server is down|Origin is unreachable) \\| `,
    ),
    means: ({ registry, Named }) => ({
      code: "REGISTRY_ERROR",
      message: `${Named}, or the reverse proxy in front of it, is in trouble: it answered with a status of its own failure.`,
      remedies: [
        `regctl doctor ${registry}`,
        "On its server: docker ps -a; docker logs --tail 50 REGISTRY_CONTAINER",
      ],
    }),
  },
  {
    id: "chunk-refused",
    says: "blob upload unknown",
    match:
      /BLOB_UPLOAD_(?:UNKNOWN|INVALID)|blob upload (?:unknown|invalid)|416 Requested Range Not Satisfiable|unable to reuse reader/,
    means: ({ registry, Named }) => ({
      code: "REGISTRY_ERROR",
      message: `${Named} lost an upload that had begun: it was restarted, several of them stand behind one name without a common secret, or a proxy rewrote the address.`,
      remedies: [
        `Push again: regctl publish IMAGE ${registry}/NAME:TAG`,
        "Several behind one name need the same REGISTRY_HTTP_SECRET and the same storage",
        "A reverse proxy that ends TLS sends: proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header Host $http_host;",
      ],
    }),
  },
  {
    id: "digest-invalid",
    says: "digest invalid: provided digest did not match uploaded content",
    match:
      /DIGEST_INVALID|digest invalid|provided digest did not match uploaded content|failed digest verification|Digest did not match, expected|unexpected commit digest|failed size validation|filesystem layer verification failed/,
    means: ({ registry, named }) => ({
      code: "DIGEST_MISMATCH",
      message: `Other bytes arrived than were announced, between here and ${named}; or a tag was deleted where only a digest can be.`,
      remedies: [
        "Run the same command again",
        `regctl doctor ${registry}`,
        `Delete by tag: regctl delete ${registry}/NAME:TAG`,
      ],
    }),
  },
  {
    id: "blob-missing",
    says: "blob unknown to registry",
    match:
      /BLOB_UNKNOWN|blob unknown|unknown blob|MANIFEST_BLOB_UNKNOWN|could not fetch content descriptor[^\n]{0,300}not found/,
    means: ({ registry, Named }) => ({
      code: "CONTENT_BROKEN",
      message: `${Named} has the manifest of this image and not all of its layers.`,
      remedies: [
        `Push it again from where it is whole: regctl publish IMAGE ${registry}/NAME:TAG`,
        "If the registry is regctl's: regctl serve verify",
      ],
    }),
  },
  {
    id: "manifest-refused",
    says: "manifest invalid",
    match:
      /MANIFEST_INVALID|manifest invalid|OCI index found, but Accept header does not support|OCI manifest found, but|unsupported (?:manifest )?media type|media type "?[^"\n]{1,120}"? is no longer supported|schema1|manifest\.v1\+prettyjws/,
    means: ({ Named, registry }) => ({
      code: "MEDIA_TYPE_REFUSED",
      message: `${Named} or this client does not take this kind of manifest: one of them is too old for the other.`,
      remedies: [
        `See what it is: regctl inspect ${registry}/NAME:TAG`,
        "Push it again with a newer engine, or as one platform",
      ],
    }),
  },
];
