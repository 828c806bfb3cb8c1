/** Addresses that a registry hands out. Pure. */

/**
 * `Location` and `Link` resolved against the request. A registry behind a proxy that does not tell it how it is
 * reached names itself with the wrong scheme: the same host is spoken to as before.
 */
export function resolveLocation(location: string, requestUrl: URL): URL | null {
  const url = URL.parse(location, requestUrl.href);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  url.username = "";
  url.password = "";
  url.hash = "";
  if (url.hostname === requestUrl.hostname && url.protocol !== requestUrl.protocol) {
    if (url.port === "" || url.port === requestUrl.port)
      return new URL(url.pathname + url.search, requestUrl);
  }
  return url;
}
