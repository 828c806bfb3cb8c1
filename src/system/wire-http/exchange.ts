/** One request and its response over a connection that nobody else uses meanwhile. */
import { type Duplex, Readable } from "node:stream";
import type { TransportRequest, TransportResponse } from "../../registry/http/transport.ts";
import { createChunkedReader } from "./chunked.ts";
import type { Connection } from "./connection.ts";
import { asError, failure } from "./failure.ts";
import { createHeadReader } from "./head-reader.ts";
import { renderHead, sendStream } from "./outgoing.ts";
import { type Framing, framingOf, type ResponseHead } from "./response-head.ts";
import type { Slab, Slabs } from "./slabs.ts";

export interface ExchangeOptions {
  readonly request: TransportRequest;
  readonly connection: Connection<Duplex>;
  readonly slabs: Slabs;
  /** The connection can be used again; otherwise it is destroyed. */
  readonly onFree: () => void;
}

/** Rejects with errors whose codes `registry/http/failure.ts` knows. */
export function exchange(options: ExchangeOptions): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    new Exchange(options, resolve, reject).begin();
  });
}

class Exchange {
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: TransportResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #heads = createHeadReader();
  #head: ResponseHead | null = null;
  #framing: Framing | null = null;
  #left = 0;
  readonly #chunks = createChunkedReader();
  #body: Readable | null = null;
  #sent = false;
  #received = false;
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #wants = true;

  constructor(
    options: ExchangeOptions,
    resolve: (response: TransportResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { request, connection } = this.#options;
    connection.listener = {
      onBytes: (slab, start, end) => this.#onBytes(slab, start, end),
      onClose: (error) => this.#onClose(error),
      onDrain: () => this.#onDrain(),
    };
    request.signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#await(request.headersTimeoutMs, "UND_ERR_HEADERS_TIMEOUT");
    // Neither tells of it any more.
    if (request.signal.aborted) this.#onAbort();
    if (connection.socket.destroyed) this.#onClose(null);
    if (this.#over) return;
    try {
      this.#send(connection.socket, request);
      connection.resume();
    } catch (error) {
      this.#fail(asError(error));
    }
  }

  #send(socket: Duplex, request: TransportRequest): void {
    const { body, spends } = request;
    const head = renderHead(request);
    socket.cork();
    socket.write(head, "latin1");
    if (body instanceof Readable) {
      sendStream({
        body,
        length: Number(request.headers["content-length"]),
        socket,
        onSpent: (chunk) => this.#onSpent(chunk, spends === true),
        onSent: () => {
          this.#sent = true;
          this.#settle();
        },
        onFail: (error) => this.#fail(error),
      });
    } else {
      if (body !== null && body.length > 0) socket.write(body);
      this.#sent = true;
    }
    socket.uncork();
  }

  #onSpent(chunk: Buffer, spends: boolean): void {
    if (spends) this.#options.slabs.giveBack(chunk);
    // Whoever still takes bytes is not silent.
    if (this.#head === null) this.#timer?.refresh();
  }

  #onDrain(): void {
    const { body } = this.#options.request;
    if (body instanceof Readable) body.resume();
  }

  readonly #onAbort = (): void => this.#fail(failure("UND_ERR_ABORTED", "aborted"));

  #await(ms: number, code: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // Who holds the bytes back is not waited for here. `refresh` wakes a timer that has fired, none that was cleared.
      if (this.#wants) this.#fail(failure(code, "nothing came within the time"));
    }, ms);
  }

  #onBytes(slab: Slab, start: number, end: number): boolean {
    const at = this.#head === null ? this.#readHead(slab.buffer, start, end) : start;
    if (at === null || this.#over) return true;
    this.#readBody(slab, at, end);
    if (this.#wants) this.#timer?.refresh();
    // An idle connection is read from: so its end is noticed.
    return this.#over || this.#wants;
  }

  /** Where the body begins; null while there is none. */
  #readHead(bytes: Buffer, start: number, end: number): number | null {
    try {
      const read = this.#heads.read(bytes, start, end);
      if (read !== null) this.#begin(read.head, framingOf(read.head, this.#options.request.method));
      return read?.at ?? null;
    } catch (error) {
      this.#fail(asError(error));
      return null;
    }
  }

  #begin(head: ResponseHead, framing: Framing | null): void {
    const { request, connection } = this.#options;
    if (framing === null) {
      this.#fail(failure("HPE_INVALID", "the length of its answer is not clear"));
      return;
    }
    this.#head = head;
    this.#framing = framing;
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#await(request.idleTimeoutMs, "UND_ERR_BODY_TIMEOUT");
    const body = new Readable({
      read: () => {
        if (this.#wants || this.#received || this.#over) return;
        this.#wants = true;
        this.#timer?.refresh();
        connection.resume();
      },
      destroy: (error, done) => {
        if (!this.#received) this.#end();
        done(error);
      },
    });
    // Who reads it hears of the error as well; this only keeps it from being thrown where nobody does yet.
    body.on("error", () => {});
    this.#body = body;
    this.#resolve({ status: head.status, headers: head.headers, body });
  }

  #readBody(slab: Slab, start: number, end: number): void {
    const framing = this.#framing?.kind;
    if (framing === "length") {
      const to = Math.min(end, start + this.#left);
      this.#left -= to - start;
      this.#give(slab, start, to);
      if (this.#left === 0) this.#finish(to < end);
      return;
    }
    if (framing === "close") {
      this.#give(slab, start, end);
      return;
    }
    const result = this.#chunks.read(slab.buffer, start, end, (from, to) => this.#give(slab, from, to));
    if (result === "broken") this.#fail(failure("HPE_INVALID_CHUNK_SIZE", "its answer's chunks are broken"));
    if (typeof result === "number") this.#finish(result < end);
  }

  #give(slab: Slab, start: number, end: number): void {
    if (this.#over || this.#body === null) return;
    if (start < end && !this.#body.push(this.#options.slabs.lend(slab, start, end))) this.#wants = false;
  }

  #finish(more = false): void {
    if (this.#received || this.#over) return;
    this.#received = true;
    clearTimeout(this.#timer);
    if (more && this.#head !== null) this.#head = { ...this.#head, keepAlive: false };
    const { body } = this.#options.request;
    // It has answered without reading on: what is left of the body has no use.
    if (!this.#sent && body instanceof Readable && !body.readableEnded) this.#end();
    this.#body?.push(null);
    this.#settle();
  }

  /** Both directions are done: the connection is free, or over. */
  #settle(): void {
    if (!this.#sent || !this.#received || this.#over) return;
    this.#detach();
    const { connection, onFree } = this.#options;
    connection.used = true;
    if (this.#head?.keepAlive === true && this.#framing?.kind !== "close") {
      connection.resume();
      onFree();
    } else connection.socket.destroy();
  }

  #onClose(error: Error | null): void {
    if (this.#over) return;
    if (this.#framing?.kind === "close" && (error === null || "code" in error === false)) {
      this.#finish();
      return;
    }
    this.#fail(error ?? failure("UND_ERR_SOCKET", "other side closed"));
  }

  #fail(error: Error): void {
    if (this.#over) return;
    const body = this.#received ? null : this.#body;
    this.#end();
    if (this.#head === null) this.#reject(error);
    else body?.destroy(error);
  }

  /** Nothing more of this exchange, and nothing else over its connection. */
  #end(): void {
    if (this.#over) return;
    this.#detach();
    this.#options.connection.socket.destroy();
    const { body } = this.#options.request;
    if (body instanceof Readable) body.destroy();
  }

  #detach(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#options.connection.listener = null;
    this.#options.request.signal.removeEventListener("abort", this.#onAbort);
  }
}
