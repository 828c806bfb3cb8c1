/** What a server's answer to `GET /v2/` says of it. Pure. */
import { authenticationsOf } from "../../registry/challenge.ts";
import type { ServerAnswer } from "../probes.ts";

export type Answerer =
  | { readonly kind: "registry"; readonly shown: string }
  /** A page for people where a registry would answer: a hotel's, a company's, a login's. */
  | { readonly kind: "portal"; readonly shown: string }
  /** A proxy whose registry is away. */
  | { readonly kind: "gateway"; readonly shown: string }
  | { readonly kind: "limit"; readonly shown: string }
  | { readonly kind: "other"; readonly shown: string };

const redirects = new Set([301, 302, 303, 307, 308]);
const away = new Set([502, 503, 504]);

/** `origin`: where it was asked. */
export function whoAnswers(answer: ServerAnswer, origin: string): Answerer {
  const { status, headers, body } = answer;
  const told = headers["docker-distribution-api-version"]?.startsWith("registry/2") === true;
  const html = /\bhtml\b/i.test(headers["content-type"] ?? "") || /^\s*<(!doctype|html)/i.test(body);
  const shown = shownServer(answer);
  if (told && status < 500)
    return { kind: "registry", shown: headers["docker-distribution-api-version"] ?? "" };
  const asks = status === 401 && authenticationsOf(headers["www-authenticate"]).length > 0;
  if (asks) return { kind: "registry", shown };
  if (status === 200 && !html) return { kind: "registry", shown };
  if (status === 429) return { kind: "limit", shown };
  if (redirects.has(status)) return judgeRedirect(headers.location ?? "", origin, shown);
  if (away.has(status)) return { kind: "gateway", shown };
  return status === 200 && html ? { kind: "portal", shown } : { kind: "other", shown };
}

/** From /v2/ to the same host by another scheme or spelling is a registry's own affair. */
function judgeRedirect(location: string, origin: string, shown: string): Answerer {
  const url = location === "" ? null : URL.parse(location, origin);
  if (url === null) return { kind: "other", shown };
  const here = new URL(origin);
  const own = url.hostname === here.hostname && url.pathname.startsWith("/v2");
  return own
    ? { kind: "registry", shown }
    : { kind: "portal", shown: `${shown}, which leads to ${url.origin}${url.pathname}` };
}

/** `nginx/1.22.1 with the page "502 Bad Gateway"`, of what a server says of itself. */
function shownServer({ status, headers, body }: ServerAnswer): string {
  const title = /<title>\s*([^<]{1,80}?)\s*<\/title>/i.exec(body)?.[1];
  const server = headers.server?.slice(0, 60);
  const parts = [
    server ?? "a server",
    `status ${status}`,
    ...(title === undefined ? [] : [`the page "${title}"`]),
  ];
  return parts.join(", ");
}
