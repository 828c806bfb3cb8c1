/** What this user may do there, and what the registry can. */
import { isRegctlError, type RegctlError } from "../../errors.ts";
import { quoteLine } from "../../explain/quote.ts";
import { catalogElsewhere, deletionElsewhere } from "../../registry/quirks.ts";
import type { Check } from "../check.ts";
import type { Asked, RegistryLook, ServerLook, Target, UploadLook } from "../facts.ts";
import { type Finding, failed, failedBy, ok, skipped, warning } from "../finding.ts";
import { withAsked } from "./registry.ts";

interface Here {
  readonly asked: RegistryLook;
  readonly registry: Target;
  readonly server: ServerLook;
}

export const rightsChecks: readonly Check[] = [
  { id: "pull", needs: ["login"], judge: withAsked(judgePull) },
  { id: "catalog", needs: ["login"], judge: withAsked(judgeCatalog) },
  { id: "delete", needs: ["login"], judge: withAsked(judgeDelete) },
  { id: "push", needs: ["login"], judge: withAsked(judgePush) },
  { id: "upload-address", needs: ["push"], judge: withAsked(withUpload(judgeAddress)) },
  { id: "upload-size", needs: ["push"], judge: withAsked(withUpload(judgeSize)) },
];

function judgePull({ asked: { pull }, registry }: Here): Finding | null {
  if (pull === null) return null;
  const { reference } = registry;
  if ("value" in pull) {
    if (pull.value === null) return ok("This user may pull.");
    if (pull.value) return ok(`${reference} is there, and this user may pull it.`);
    return failed({
      code: "NOT_FOUND",
      message: `${reference} is not there.`,
      remedies: [
        `See its tags: ${quoteLine(["regctl", "tags", reference?.replace(/(:[^:/]+)?(@.*)?$/, "") ?? registry.registry])}`,
        `Or what else is there: ${quoteLine(["regctl", "search", `${registry.registry}/`])}`,
      ],
    });
  }
  // Nobody named an image, and what may be pulled elsewhere is not known by a name that nobody has.
  if (reference === null && isRefusal(pull.error)) {
    return skipped(`Not looked at: name an image, regctl doctor ${registry.registry}/NAME.`);
  }
  return failedBy(pull.error);
}

function isRefusal(error: RegctlError): boolean {
  return isRegctlError(error, "DENIED") || isRegctlError(error, "UNAUTHORIZED");
}

/** Null: it did not let itself be asked. */
function answerOf(asked: Asked<boolean | null> | null): boolean | null {
  return asked !== null && "value" in asked ? asked.value : null;
}

function judgeCatalog({ asked, registry: { registry } }: Here): Finding | null {
  if (asked.catalog === null) return null;
  if (answerOf(asked.catalog) === true) return ok("It lists its repositories.");
  if (registry === "docker.io") return skipped("Docker Hub gives nobody a list of its repositories.");
  const elsewhere = catalogElsewhere(registry);
  return warning({
    code: "CATALOG_CLOSED",
    message: `${registry} does not give this user a list of its repositories: regctl search finds none, or few.`,
    remedies: elsewhere.length > 0 ? elsewhere : [`By its name each is found: regctl tags ${registry}/NAME`],
  });
}

function judgeDelete({ asked, registry: { registry } }: Here): Finding | null {
  if (asked.remove === null) return null;
  const able = answerOf(asked.remove);
  if (able === true) return ok("It lets images be deleted.");
  // The same 405, which the check of pushing names.
  if (asked.upload !== null && "error" in asked.upload && isReadOnly(asked.upload.error)) return null;
  if (able === null) return skipped("Whether images can be deleted is not shown to this user.");
  const elsewhere = deletionElsewhere(registry);
  return warning({
    code: "DELETE_OFF",
    message: `${registry} has deletion switched off.`,
    remedies: [
      elsewhere ??
        "For Distribution, whoever runs it: REGISTRY_STORAGE_DELETE_ENABLED=true, and start it again",
    ],
  });
}

function judgePush({ asked: { upload }, registry }: Here): Finding | null {
  if (upload === null) return skipped("Not looked at: only with --write.");
  if ("value" in upload) {
    return upload.value.taken
      ? ok("This user may push: a tiny upload was taken, and cancelled.")
      : warning({
          code: "REGISTRY_ERROR",
          message: `${registry.registry} begins an upload and does not take its bytes.`,
          remedies: ["Look at the registry's own log"],
        });
  }
  const { error } = upload;
  const { registry: name } = registry;
  if (isReadOnly(error)) {
    return failed({
      code: "READ_ONLY",
      message: `${name} takes no images: it is read-only, or a mirror. It says: ${error.facts.message}.`,
      remedies: ["Whoever runs it: storage.maintenance.readonly, or the proxy section, of its configuration"],
    });
  }
  return failedBy(error);
}

function isReadOnly(error: RegctlError): error is RegctlError<"REGISTRY_ERROR"> {
  return isRegctlError(error, "REGISTRY_ERROR") && error.facts.status === 405;
}

function withUpload(judge: (upload: UploadLook, here: Here) => Finding) {
  return (here: Here): Finding | null => {
    const { upload } = here.asked;
    return upload === null || "error" in upload ? null : judge(upload.value, here);
  };
}

/** Behind a proxy a registry knows its own address only from headers that the proxy sets. */
function judgeAddress({ location }: UploadLook, { server, registry }: Here): Finding {
  const { registry: name } = registry;
  const url = new URL(location);
  const asked = new URL(`${server.scheme ?? "https"}://${name}/`);
  if (url.protocol !== asked.protocol && url.hostname === asked.hostname) {
    return failed({
      code: "LOCATION_SCHEME",
      message: `${name} is asked by ${asked.protocol.slice(0, -1)} and wants uploads to go on at ${url.origin}: what stands in front of it does not tell it the scheme.`,
      remedies: [
        "nginx: proxy_set_header X-Forwarded-Proto $scheme;",
        "Or Distribution itself: http.relativeurls: true",
      ],
    });
  }
  if (url.host !== asked.host) {
    return failed({
      code: "LOCATION_HOST",
      message: `${name} wants uploads to go on at ${url.origin}: what stands in front of it does not tell it its name.`,
      remedies: [
        "nginx: proxy_set_header Host $http_host;",
        "Or Distribution itself: http.relativeurls: true",
      ],
    });
  }
  return ok("Uploads go on where they began.");
}

const mebibyte = 1024 * 1024;

function judgeSize({ limit }: UploadLook, { registry }: Here): Finding {
  if (limit === null) return ok("It takes bodies of any usual size.");
  const least = limit.takes === 0 ? "" : `, and takes one of ${limit.takes / mebibyte} MiB`;
  const trouble = {
    code: "UPLOAD_LIMIT" as const,
    message: `What stands in front of ${registry.registry} refuses a body of ${limit.refuses / mebibyte} MiB (status 413)${least}: larger layers cannot be pushed by docker.`,
    remedies: [
      "nginx: client_max_body_size 0;",
      "regctl publish sends layers in parts that fit, where the registry takes parts",
    ],
  };
  return limit.refuses > 100 * mebibyte ? warning(trouble) : failed(trouble);
}
