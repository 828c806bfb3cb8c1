/** Requests at once: as many connections has the client. */
export const atOnce = 16;

/**
 * Works on items a few at a time, in their order. The first failure is thrown at once and no further item begun; what
 * is under way is left to end by itself.
 */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const iterator = iterate(items);
  let begun = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    for (;;) {
      if (failed) return;
      const next = await iterator.next();
      if (next.done === true || failed) return;
      const index = begun;
      begun += 1;
      await work(next.value, index);
    }
  };
  const guarded = async (): Promise<void> => {
    try {
      await worker();
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: width }, guarded));
}

async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
