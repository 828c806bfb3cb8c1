/** URLs fit to be shown: what may be a secret is left out, and only what is known to be none stays. Pure. */

/** Query keys whose values say what was asked and nothing about who asked. */
const harmless = new Set(
  "artifactType client_id digest digest-algorithm from grant_type last mount n ns offline_token q scope service".split(
    " ",
  ),
);

/** Without user, password and fragment; a query's values only where their key is known. Relative URLs as well. */
export function redactUrl(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(url)?.[0];
  if (scheme !== undefined && !URL.canParse(url)) return `${scheme}…`;
  const [whole = ""] = url.split("#", 1);
  const mark = whole.indexOf("?");
  const path = mark < 0 ? whole : whole.slice(0, mark);
  const shown = path.replace(/^([a-z][a-z0-9+.-]*:)?[\\/]{2}[^/]*@/i, "$1//…@");
  return mark < 0 ? shown : `${shown}?${redactQuery(whole.slice(mark + 1))}`;
}

function redactQuery(query: string): string {
  return query
    .split("&")
    .map((pair) => {
      const sign = pair.indexOf("=");
      const key = pair.slice(0, Math.max(0, sign));
      if (harmless.has(key)) return pair;
      return /^[\w.-]{1,40}$/.test(key) ? `${key}=…` : "…";
    })
    .join("&");
}

/** A text of a server or a library, with the URLs in it redacted. */
export function redactText(text: string): string {
  return text.replaceAll(/https?:\/\/[^\s"'<>`]+/gi, redactUrl);
}
