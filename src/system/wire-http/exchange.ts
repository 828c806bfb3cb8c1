/** One request and its response over a connection that nobody else uses meanwhile. */
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { TransportRequest, TransportResponse } from "../../registry/http/transport.ts";
import { createChunkedReader } from "./chunked.ts";
import type { Connection } from "./connection.ts";
import { failure } from "./failure.ts";
import { renderHead, sendStream } from "./outgoing.ts";
import { type Framing, framingOf, parseHead, type ResponseHead } from "./response-head.ts";
import type { Slab, Slabs } from "./slabs.ts";

export interface ExchangeOptions {
  readonly request: TransportRequest;
  readonly connection: Connection;
  readonly slabs: Slabs;
  /** The connection can be used again; otherwise it is destroyed. */
  readonly onFree: () => void;
}

const longestHead = 64 * 1024;

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
  #headText = "";
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
    try {
      this.#send(connection.socket, request);
      connection.resume();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #send(socket: Socket, request: TransportRequest): void {
    const { body, spends } = request;
    const head = renderHead(request);
    const { slabs } = this.#options;
    socket.cork();
    socket.write(head, "latin1");
    if (body instanceof Readable) {
      sendStream({
        body,
        length: Number(request.headers["content-length"]),
        socket,
        onSpent: spends === true ? (chunk) => slabs.giveBack(chunk) : null,
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

  #onDrain(): void {
    const { body } = this.#options.request;
    // Whoever still takes bytes is not silent.
    if (this.#head === null) this.#timer?.refresh();
    if (body instanceof Readable) body.resume();
  }

  readonly #onAbort = (): void => this.#fail(failure("UND_ERR_ABORTED", "aborted"));

  #await(ms: number, code: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(failure(code, "nothing came within the time")), ms);
  }

  #onBytes(slab: Slab, start: number, end: number): boolean {
    let at = start;
    while (this.#head === null && at < end && !this.#over) at = this.#readHead(slab.buffer, at, end);
    if (this.#head === null || this.#over) return true;
    if (at < end) this.#readBody(slab, at, end);
    if (this.#wants) this.#timer?.refresh();
    return this.#wants;
  }

  /** Where the body begins, or the end of what came. */
  #readHead(bytes: Buffer, start: number, end: number): number {
    const before = this.#headText.length;
    this.#headText += bytes.toString("latin1", start, Math.min(end, start + longestHead));
    const ends = this.#headText.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (ends < 0) {
      if (this.#headText.length >= longestHead)
        this.#fail(failure("HPE_HEADER_OVERFLOW", "its head is too long"));
      return end;
    }
    const head = parseHead(this.#headText.slice(0, ends));
    const at = start + ends + 4 - before;
    this.#headText = "";
    const { request } = this.#options;
    if (head === null) this.#fail(failure("HPE_INVALID", "its answer is no HTTP"));
    else if (head.status >= 200) this.#begin(head, framingOf(head, request.method));
    return at;
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
    this.#body = body;
    this.#resolve({ status: head.status, headers: head.headers, body });
    if (framing.kind === "length" && framing.bytes === 0) this.#finish();
  }

  #readBody(slab: Slab, start: number, end: number): void {
    const framing = this.#framing?.kind;
    if (framing === "length") {
      const to = Math.min(end, start + this.#left);
      this.#left -= to - start;
      if (to > start) this.#give(slab, start, to);
      if (this.#left === 0) this.#finish(to < end);
      return;
    }
    if (framing === "close") {
      this.#give(slab, start, end);
      return;
    }
    const result = this.#chunks.read(slab.buffer, start, end, (from, to) => this.#give(slab, from, to));
    if (result === "broken") this.#fail(failure("HPE_INVALID_CHUNK_SIZE", "its answer's chunks are broken"));
    if (result === "done") this.#finish();
  }

  #give(slab: Slab, start: number, end: number): void {
    if (this.#over || this.#body === null) return;
    if (this.#body.push(this.#options.slabs.lend(slab, start, end))) return;
    // Who holds the bytes back is not waited for here.
    this.#wants = false;
    clearTimeout(this.#timer);
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
      // Idle, but read from: so its end is noticed.
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
