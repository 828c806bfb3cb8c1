/** `Retry-After`: how long a server wants to be left alone. Pure. */

const httpDate =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d) \d\d:\d\d:\d\d GMT$|^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/**
 * Milliseconds from `now`, never negative; null when nothing readable stands there. Whoever waits sets a limit of
 * their own: the header may name the next century.
 */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | null {
  const text = (header ?? "").trim();
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  if (!httpDate.test(text)) return null;
  // The oldest of the three forms has no zone, and means GMT as well.
  const time = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(time) ? null : Math.max(0, time - now.getTime());
}
