/**
 * Memory of our own that a socket reads into (`onread` of `net.connect`), so that bytes which only pass through cost no
 * allocation. Reading stands still until whoever takes a piece says that the memory is free again.
 */
const usualBytes = 128 * 1024;

/** Takes a piece. False: its memory is still in use, and `resume` of the socket follows. */
export type Take = (piece: Buffer) => boolean;

export class Intake {
  readonly onread: {
    readonly buffer: Buffer;
    readonly callback: (bytes: number, memory: Uint8Array) => boolean;
  };
  #take: Take | null = null;
  /** Came before anybody took it. */
  #early: Buffer | null = null;

  constructor(bytes = usualBytes) {
    const buffer = Buffer.allocUnsafeSlow(bytes);
    const callback = (bytes: number): boolean => {
      const piece = buffer.subarray(0, bytes);
      if (this.#take !== null) return this.#take(piece);
      this.#early = piece;
      return false;
    };
    this.onread = { buffer, callback };
  }

  /** Whether something has come that nobody has taken. */
  get holds(): boolean {
    return this.#early !== null;
  }

  /** From now on all goes to `take`. True when the socket may go on reading. */
  start(take: Take): boolean {
    this.#take = take;
    const early = this.#early;
    this.#early = null;
    return early === null || take(early);
  }
}
