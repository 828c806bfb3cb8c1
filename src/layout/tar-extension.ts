/** Entries of a tar that speak of the next one: pax records, GNU's long name and long link. Pure. */
import { decodePax, hasContent, type TarHeader } from "./tar-format.ts";

/** What a header says about the next one: `x` pax records, GNU's long name `L` and long link `K`. */
export interface Extension {
  readonly path?: string;
  readonly link?: string;
  readonly size?: number;
}

/** Longer ones are of no image. */
export const mostExtensionBytes = 1024 * 1024;

/** By the type of the entry: its content to what it says, or what is wrong with it. Other types extend nothing. */
export const extensions: Readonly<Record<string, (body: Buffer) => Extension | string>> = {
  L: (body) => ({ path: textOf(body) }),
  K: (body) => ({ link: textOf(body) }),
  x: (body) => {
    const records = decodePax(body);
    if (records === null) return "it holds a pax header that is none";
    const { sparse, ...extension } = records;
    return sparse ? "it holds a sparse file, which is not read" : extension;
  },
};

/** The header with what was said about it before. A size in pax counts only for what has content. */
export function extend(raw: TarHeader, { size, ...names }: Extension): TarHeader {
  return { ...raw, ...names, ...(size === undefined || !hasContent(raw.type) ? {} : { size }) };
}

function textOf(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString("utf8", 0, end < 0 ? body.length : end);
}
