/** An error with one of the codes that `registry/http/failure.ts` knows. */
export function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
