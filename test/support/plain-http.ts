/** One request over plain HTTP, whole or piece by piece, with nothing between the test and the server that would mend it. */
import { Agent, request as httpRequest } from "node:http";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}

export interface PlainBody {
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream goes in chunks, unless `headers` give its length. */
  readonly body?: Buffer | Readable;
}

export interface PlainClient extends Disposable {
  ask(method: string, target: string, options?: PlainBody): Promise<PlainAnswer>;
}

/** `host`: HOST:PORT. Connections are kept, as many as there are requests at a time. */
export function openPlainClient(host: string): PlainClient {
  const agent = new Agent({ keepAlive: true });
  return {
    ask: (method, target, options = {}) => ask(agent, `http://${host}`, method, target, options),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function ask(
  agent: Agent,
  origin: string,
  method: string,
  target: string,
  { headers = {}, body }: PlainBody,
): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(target, origin), { agent, method, headers: { ...headers } });
    request.on("error", reject);
    request.on("response", (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      buffer(response).then((bytes) => resolve({ status, headers: answered, bytes }), reject);
    });
    if (body === undefined || Buffer.isBuffer(body)) request.end(body);
    else {
      body.on("error", (error) => request.destroy(error));
      body.pipe(request);
    }
  });
}
