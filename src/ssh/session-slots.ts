/** sshd's default for MaxSessions. */
const usualLimit = 10;

/**
 * How many commands one connection runs at once; the rest wait their turn. Servers may allow fewer than usual:
 * the limit is learnt from the first refusal.
 */
export class SessionSlots {
  #limit = usualLimit;
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  async take(): Promise<void> {
    if (this.#busy >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy += 1;
  }

  /** Hands the slot to the next in line, or frees it. */
  release(): void {
    const next = this.#busy <= this.#limit ? this.#waiting.shift() : undefined;
    if (next) next();
    else this.#busy -= 1;
  }

  /** The server refused the session for which a slot was taken. True when it is worth waiting for another slot. */
  refused(): boolean {
    this.#busy -= 1;
    if (this.#busy === 0) return false;
    this.#limit = Math.min(this.#limit, this.#busy);
    return true;
  }
}
