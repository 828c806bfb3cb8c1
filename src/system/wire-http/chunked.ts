/** Bodies in chunks (RFC 9112, section 7.1), taken apart as they arrive. */

export interface ChunkedReader {
  /**
   * What of `[start, end)` of the bytes is content: `give` is told each piece. A number once the last chunk and what
   * follows it is read: the place behind it. `broken` when it is no such body.
   */
  read(
    bytes: Buffer,
    start: number,
    end: number,
    give: (start: number, end: number) => void,
  ): "more" | "broken" | number;
}

const longestLine = 4096;
const longestTrailer = 64 * 1024;

export function createChunkedReader(): ChunkedReader {
  let state: "size" | "content" | "after" | "trailer" = "size";
  let line = "";
  let left = 0;
  let trailer = 0;
  /** The line that ends at a line feed, or null while it has not ended. */
  const takeLine = (byte: number): string | null => {
    if (byte !== 0x0a) {
      line += String.fromCharCode(byte);
      return null;
    }
    const whole = line.endsWith("\r") ? line.slice(0, -1) : line;
    line = "";
    return whole;
  };
  const endLine = (whole: string): "more" | "done" | "broken" => {
    if (state === "trailer") {
      trailer += whole.length + 1;
      if (whole === "") return "done";
      return trailer > longestTrailer ? "broken" : "more";
    }
    if (state === "after") {
      state = "size";
      return whole === "" ? "more" : "broken";
    }
    const [, hex] = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(whole) ?? [];
    if (hex === undefined) return "broken";
    left = Number.parseInt(hex, 16);
    state = left === 0 ? "trailer" : "content";
    return "more";
  };
  return {
    read: (bytes, start, end, give) => {
      for (let at = start; at < end; ) {
        if (state === "content") {
          const to = Math.min(end, at + left);
          give(at, to);
          left -= to - at;
          at = to;
          if (left === 0) state = "after";
          continue;
        }
        const whole = takeLine(bytes[at] ?? 0);
        at += 1;
        if (line.length > longestLine) return "broken";
        const result = whole === null ? "more" : endLine(whole);
        if (result === "done") return at;
        if (result === "broken") return result;
      }
      return "more";
    },
  };
}
