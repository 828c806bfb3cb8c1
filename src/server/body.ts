/** Bodies of requests as handlers read them. What goes wrong on the client's side of one is no fault of ours. */
import type { ServerRequest } from "./message.ts";

/** The body ended before its end: the client went away, stalled, or sent another length than it said. */
export class BodyBroken extends Error {
  override readonly name = "BodyBroken";
}

/** The body has another length than `Content-Range` said. */
export class BodyLength extends Error {
  override readonly name = "BodyLength";
}

export async function* clientBody({ body }: ServerRequest): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (cause) {
    throw new BodyBroken("the request's body broke off", { cause });
  }
}

/** For bodies whose length is known from elsewhere than `Content-Length`. Throws BodyLength. */
export async function* exactly(body: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.length;
    if (seen > length) throw new BodyLength(`the body has more than the ${length} bytes of its range`);
    yield chunk;
  }
  if (seen < length) throw new BodyLength(`the body has ${seen} of the ${length} bytes of its range`);
}

/** The whole body, or null when it has more than `most` bytes: no more of it is read then. */
export async function readBody(request: ServerRequest, most: number): Promise<Buffer | null> {
  if (request.length !== null && request.length > most) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of clientBody(request)) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(Buffer.from(chunk));
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
