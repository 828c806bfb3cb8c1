/** Those who wait for the same thing. */
export class Waiting<T> {
  readonly #all = new Set<PromiseWithResolvers<T>>();

  get any(): boolean {
    return this.#all.size > 0;
  }

  /** Rejects with `why()` after `ms`. */
  async wait(ms: number, why: () => Error): Promise<T> {
    const one = Promise.withResolvers<T>();
    this.#all.add(one);
    const timer = setTimeout(() => one.reject(why()), ms);
    try {
      return await one.promise;
    } finally {
      clearTimeout(timer);
      this.#all.delete(one);
    }
  }

  resolve(value: T): void {
    for (const { resolve } of this.#all) resolve(value);
    this.#all.clear();
  }

  reject(error: Error): void {
    for (const { reject } of this.#all) reject(error);
    this.#all.clear();
  }
}
