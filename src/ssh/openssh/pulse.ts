/** Whether the master is at work, asked at its control socket. */
import net from "node:net";

/**
 * A master greets whoever connects to its control socket (PROTOCOL.mux of OpenSSH, section 1), before any request and
 * without telling the server. One that is about to go does not any more, although its sockets may still be there.
 */
export class Pulse {
  readonly #path: string;
  #running: Promise<boolean> | null = null;
  #next: Promise<boolean> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Asked of the master after this call: whoever comes while a question is under way shares the one after it. */
  beats(): Promise<boolean> {
    if (this.#running === null) {
      this.#running = greeted(this.#path).finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.beats();
    });
    return this.#next;
  }
}

function greeted(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    const answer = (beats: boolean): void => {
      resolve(beats);
      socket.destroy();
    };
    socket.once("data", () => answer(true));
    socket.once("end", () => answer(false));
    // Its backlog is full: it has much to do, so it is there.
    socket.once("error", (error: NodeJS.ErrnoException) => answer(error.code === "EAGAIN"));
  });
}
