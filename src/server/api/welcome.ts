/** `GET /`: for the person who opened the address to see what is there. */
import type { Handler, Methods } from "../core.ts";
import type { ServerRequest } from "../message.ts";
import { commonHeaders } from "../response.ts";

const answer: Handler = async (_core, request) => {
  const asHtml = (request.headers.accept ?? "").includes("text/html");
  const lines = linesFor(addressOf(request));
  const body = Buffer.from(asHtml ? renderHtml(lines) : `${lines.join("\n")}\n`);
  return {
    status: 200,
    headers: {
      ...commonHeaders,
      "content-type": `text/${asHtml ? "html" : "plain"}; charset=utf-8`,
      "content-length": String(body.length),
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-cache",
      vary: "accept",
    },
    body,
  };
};

export const welcome: Methods = { GET: answer, HEAD: answer };

/** What the client called us is shown back, unless it is no host. */
function addressOf({ authority }: ServerRequest): string {
  return /^[a-z0-9.:[\]-]{1,255}$/i.test(authority) ? authority : "HOST:PORT";
}

function linesFor(address: string): readonly string[] {
  return [
    "This is a container registry, served by regctl.",
    "",
    "Publish an image to it:",
    `    regctl publish my-image ${address}/my-image:1.0`,
    `    docker tag my-image ${address}/my-image:1.0 && docker push ${address}/my-image:1.0`,
    "See what it holds:",
    `    regctl search --registry ${address}`,
    `    docker search ${address}/`,
    "Fetch from it:",
    `    docker pull ${address}/my-image:1.0`,
    `When the engine wants HTTPS: regctl setup insecure ${address}`,
  ];
}

/** Every text here is ours, and the address has no character that HTML knows. */
function renderHtml(lines: readonly string[]): string {
  const text = lines.join("\n").replaceAll("&", "&amp;");
  return `<!doctype html><html lang="en"><title>regctl registry</title><pre>${text}</pre></html>\n`;
}
