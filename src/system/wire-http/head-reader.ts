/** The head of a response, gathered as it arrives; answers before the answer are passed over. */
import { failure } from "./failure.ts";
import { parseHead, type ResponseHead } from "./response-head.ts";

export interface ReadHead {
  readonly head: ResponseHead;
  /** Where what follows it begins. */
  readonly at: number;
}

export interface HeadReader {
  /** Null while it has not ended. Throws what `failure` makes when it is none. */
  read(bytes: Buffer, start: number, end: number): ReadHead | null;
}

const longestHead = 64 * 1024;
/** Of answers before the answer, such as 103: whoever sends more never comes to the point. */
const mostInterim = 100;
const switching = 101;

export function createHeadReader(): HeadReader {
  let text = "";
  let interim = 0;
  const readOne = (bytes: Buffer, start: number, end: number): ReadHead | null => {
    const before = text.length;
    text += bytes.toString("latin1", start, Math.min(end, start + longestHead));
    const ends = text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (ends < 0 && text.length < longestHead) return null;
    if (ends < 0) throw failure("HPE_HEADER_OVERFLOW", "its head is too long");
    const head = parseHead(text.slice(0, ends));
    if (head === null) throw failure("HPE_INVALID", "its answer is no HTTP");
    text = "";
    return { head, at: start + ends + 4 - before };
  };
  return {
    read: (bytes, start, end) => {
      for (let at = start; at < end; ) {
        const read = readOne(bytes, at, end);
        if (read === null || read.head.status >= 200) return read;
        interim += 1;
        // Another protocol from here on: nobody asked for it.
        if (read.head.status === switching || interim > mostInterim)
          throw failure("HPE_INVALID", "it answers without ever answering");
        at = read.at;
      }
      return null;
    },
  };
}
