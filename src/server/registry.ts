/** The embedded registry: one function from request to response, over a storage. Knows no socket. */
import { base } from "./api/base.ts";
import { blobs } from "./api/blobs.ts";
import { catalog } from "./api/catalog.ts";
import { manifests } from "./api/manifests.ts";
import { referrers } from "./api/referrers.ts";
import { v1Ping, v1Search } from "./api/search.ts";
import { tags } from "./api/tags.ts";
import { upload, uploads } from "./api/uploads.ts";
import { welcome } from "./api/welcome.ts";
import { type Core, type Handler, type Methods, type RegistryLimits, usualRegistryLimits } from "./core.ts";
import { isCrossSite } from "./cross-site.ts";
import { responseOf } from "./failure.ts";
import type { Handle, ServerRequest, ServerResponse } from "./message.ts";
import { refuse } from "./response.ts";
import { type NoRoute, parseRoute, type Resource } from "./route.ts";
import type { Storage } from "./storage.ts";

export interface RegistryOptions {
  readonly storage: Storage;
  readonly limits?: Partial<RegistryLimits>;
  /** Refuses everything but reading. */
  readonly readOnly?: boolean;
  /** Takes manifests although not all that they name is there: indexes of which a part was copied. */
  readonly sparse?: boolean;
  /** Everybody may read everything when it is left out. */
  readonly mayRead?: Core["mayRead"];
  /** Is told what was answered with a status of 500 and more. */
  readonly onFailure?: (failure: { readonly what: string; readonly error: unknown }) => void;
}

const resources: Readonly<Record<Resource, Methods>> = {
  base,
  blob: blobs,
  catalog,
  manifest: manifests,
  referrers,
  tags,
  upload,
  uploads,
  "v1-ping": v1Ping,
  "v1-search": v1Search,
  welcome,
};

export function createRegistry(options: RegistryOptions): Handle {
  const { storage, readOnly = false, onFailure } = options;
  const core: Core = {
    storage,
    limits: { ...usualRegistryLimits, ...options.limits },
    sparse: options.sparse ?? false,
    mayRead: options.mayRead ?? (() => true),
  };
  return async (request) => {
    try {
      return await answer(core, request, readOnly);
    } catch (error) {
      const response = responseOf(error);
      if (response.status >= 500) onFailure?.({ what: `${request.method} ${request.path}`, error });
      return response;
    }
  };
}

function answer(
  core: Core,
  request: ServerRequest,
  readOnly: boolean,
): ServerResponse | Promise<ServerResponse> {
  const route = parseRoute(request.path);
  if ("refused" in route) return isCrossSite(request) ? crossSite() : refuseRoute(route);
  if (route.resource !== "welcome" && isCrossSite(request)) return crossSite();
  if (request.query.size > core.limits.parameters) {
    return refuse(414, "UNSUPPORTED", `a query has at most ${core.limits.parameters} parameters`);
  }
  const methods = resources[route.resource];
  const handler = handlerOf(methods, request.method);
  if (handler === undefined) return wrongMethod(methods, request.method);
  if (readOnly && request.method !== "GET" && request.method !== "HEAD") return isReadOnly();
  return handler(core, request, route);
}

function handlerOf(methods: Methods, method: string): Handler | undefined {
  return Object.hasOwn(methods, method) ? methods[method as keyof Methods] : undefined;
}

const routeRefusals: Readonly<Record<NoRoute["refused"], (reason: string) => ServerResponse>> = {
  unknown: (reason) => refuse(404, "NOT_FOUND", reason),
  name: (reason) => refuse(400, "NAME_INVALID", reason),
  encoding: (reason) => refuse(400, "NAME_INVALID", reason),
  "too-long": (reason) => refuse(414, "NAME_INVALID", reason),
};

function refuseRoute({ refused, reason }: NoRoute): ServerResponse {
  return routeRefusals[refused](reason);
}

function crossSite(): ServerResponse {
  return refuse(403, "DENIED", "pages of other sites may not use this registry");
}

function wrongMethod(methods: Methods, method: string): ServerResponse {
  const allow = Object.keys(methods).join(", ");
  const message = `${method.slice(0, 20)} is not among what may be done here: ${allow}`;
  return refuse(405, "UNSUPPORTED", message, { headers: { allow } });
}

function isReadOnly(): ServerResponse {
  const headers = { allow: "GET, HEAD" };
  return refuse(405, "UNSUPPORTED", "this registry is read-only", { headers });
}
