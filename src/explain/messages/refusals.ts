/** What registries refuse: names, logins, rights, and what they do not have. Codes of the distribution specification. */
import type { MessageRow } from "./row.ts";
import { status } from "./status.ts";

export const refusalRows: readonly MessageRow[] = [
  {
    id: "tag-immutable",
    says: "tag invalid: The image tag already exists and cannot be overwritten because the repository is immutable",
    match: /TAG_INVALID|tag invalid|cannot be overwritten because|tag is immutable|immutable tag/i,
    means: ({ registry, named }) => ({
      code: "TAG_TAKEN",
      message: `This tag is there already, and ${named} forbids to overwrite it.`,
      remedies: [`See which there are: regctl tags ${registry}/NAME`, "Choose another tag"],
    }),
  },
  {
    id: "unsupported",
    says: "The operation is unsupported.",
    match: new RegExp(
      `The operation is unsupported|UNSUPPORTED\\b|error from registry: unsupported|(?:uploading layer[^\\n]{0,40}|writing manifest): unsupported|${status("405").source}|405 Method Not Allowed`,
    ),
    means: ({ registry, Named }) => [
      {
        code: "DELETE_OFF",
        message: `${Named} does not do this: deletion is switched off, it is read-only, or it is a mirror that takes no pushes.`,
        remedies: [
          "To delete on registry:2 or registry:3: REGISTRY_STORAGE_DELETE_ENABLED=true, then restart it",
          `regctl doctor ${registry}`,
        ],
      },
    ],
  },
  {
    id: "name-invalid",
    says: "name invalid: invalid repository name",
    match: /NAME_INVALID|invalid repository name|name invalid/,
    means: ({ named }) => ({
      code: "BAD_REFERENCE",
      message: `The name of the repository is not one that ${named} takes: lower case, and some want a project first.`,
      remedies: ["Type it as HOST[:PORT]/[PROJECT/]NAME:TAG, in lower case"],
    }),
  },
  {
    id: "token-expired",
    says: "Your authorization token has expired. Reauthenticate and try again.",
    match: /authorization token has expired|token (?:is|has) expired|ExpiredToken|expired credentials/i,
    means: ({ registry, speaker }) => ({
      code: "UNAUTHORIZED",
      message: "The stored login is one that ends after some hours, and it has ended.",
      remedies: [
        ...speaker.login(registry),
        `On Amazon: aws ecr get-login-password | regctl login ${registry} --username AWS --password-stdin`,
      ],
    }),
  },
  {
    id: "no-credentials",
    says: "no basic auth credentials",
    match: /no basic auth credentials|basic credential not found/,
    means: ({ registry, named, speaker }) => ({
      code: "UNAUTHORIZED",
      message: `Somebody must log in to ${named}, and there is no login for exactly this host and port, for this user.`,
      remedies: [
        ...speaker.login(registry),
        "A login of sudo, or of another home, is another one; run both as the same user",
      ],
    }),
  },
  {
    id: "bad-password",
    says: "login attempt to http://HOST:PORT/v2/ failed with status: 401 Unauthorized",
    match:
      /login attempt to \S{1,300} failed with status: 401|invalid username\/password|incorrect username or password|failed to fetch (?:anonymous|oauth) token[^\n]{0,700}401 Unauthorized/,
    means: ({ registry, named, speaker }) => ({
      code: "UNAUTHORIZED",
      message: `The name or the password is not one that ${named} knows, or none was given where it wants one.`,
      remedies: speaker.login(registry),
    }),
  },
  {
    id: "hub-denied",
    says: "pull access denied for app, repository does not exist or may require 'docker login'",
    match:
      /(?:pull|push) access (?:to the requested resource is )?denied for (?<name>[^\s,]{1,253}),? ?repository does not exist or may require|requested access to the resource is denied/,
    means: ({ registry, Named, part, speaker }) => {
      const elsewhere = {
        code: "BAD_REFERENCE" as const,
        message: `The name ${part("name", "of the image")} has no registry in front, so it was looked for at Docker Hub.`,
        remedies: ["docker tag NAME:TAG HOST:PORT/NAME:TAG", "regctl publish NAME:TAG HOST:PORT/NAME:TAG"],
      };
      const denied = {
        code: "DENIED" as const,
        message: `${Named} does not have it, or whoever asks may not do that; it does not tell which.`,
        remedies: [...speaker.login(registry), "Check the name and the rights of the account"],
      };
      const hub = registry === "HOST:PORT" || registry === "docker.io";
      if (!hub) return denied;
      return part("name", "") === "" ? [denied, elsewhere] : [elsewhere, denied];
    },
  },
  {
    id: "denied",
    says: "denied: permission_denied: write_package",
    match: new RegExp(
      `\\bdenied: |error from registry: denied|(?:response from daemon|in \\S{1,260}|ERROR): denied\\b|^denied$|DENIED\\b|insufficient_scope|pull access denied|push access denied|permission_denied|403 Forbidden|access forbidden|${status("403").source}|not authorized to perform`,
      "m",
    ),
    symptom: true,
    means: ({ registry, Named, speaker }) => [
      {
        code: "DENIED",
        message: `${Named} knows who asks and does not allow that; many say the same of repositories that are not there.`,
        remedies: [...speaker.login(registry), `regctl doctor ${registry}`],
      },
    ],
  },
  {
    id: "not-found",
    says: "manifest unknown: manifest unknown",
    match:
      /manifest unknown|MANIFEST_UNKNOWN|NAME_UNKNOWN|name unknown|manifest for \S{1,300} not found|repository name not known|no such manifest: \S{1,300}|(?:resolve (?:reference|image|source metadata)|response from registry|on source|fetching manifest)\b[^\n]{0,600}: (?:not found|404 Not Found)|\btag does not exist/i,
    means: ({ registry, Named }) => ({
      code: "NOT_FOUND",
      message: `${Named} answers, and has no such name or tag.`,
      remedies: [`regctl tags ${registry}/NAME`, `regctl search --registry ${registry}`],
    }),
  },
  {
    id: "unauthorized",
    says: "unauthorized: authentication required",
    match: new RegExp(
      `\\bunauthorized\\b|401 Unauthorized|authentication required|authorization failed|${status("401").source}`,
      "i",
    ),
    symptom: true,
    means: ({ registry, Named, speaker }) => ({
      code: "UNAUTHORIZED",
      message: `${Named} wants a login, or does not take the one that it got.`,
      remedies: [...speaker.login(registry), `regctl doctor ${registry}`],
    }),
  },
];
