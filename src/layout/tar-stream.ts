/**
 * The entries of a tar that comes as a stream: each once, in its order, none held in memory. Nothing is unpacked, so
 * names are only looked at.
 */
import { broken, shown } from "./failures.ts";
import { type Extension, extend, extensions, mostExtensionBytes } from "./tar-extension.ts";
import { decodeTarHeader, type TarHeader, tarBlock, tarPadding } from "./tar-format.ts";

export interface TarPart extends TarHeader {
  /** To be read once, before the next part is asked for: what is left of it is passed over then. */
  readonly content: AsyncIterable<Buffer>;
}

/** `what` names the archive in errors. Throws CONTENT_BROKEN where it is cut off or is none, and what the source throws. */
export async function* readTarStream(
  source: AsyncIterable<Buffer>,
  what: string,
): AsyncGenerator<TarPart, void, undefined> {
  const bytes = createByteReader(source, what);
  let extension: Extension = {};
  try {
    for (let position = 0; ; position = bytes.position()) {
      const raw = decodeTarHeader(await bytes.take(tarBlock));
      if (raw === "end") return;
      if (raw === null) throw broken(what, problemOfHeader(position));
      const read = extensions[raw.type];
      if (read !== undefined) {
        if (raw.size > mostExtensionBytes) throw broken(what, "it holds a header without end");
        const added = read(await bytes.take(raw.size));
        if (typeof added === "string") throw broken(what, added);
        extension = { ...extension, ...added };
        await bytes.skip(tarPadding(raw.size));
        continue;
      }
      const header = raw.type === "g" ? raw : extend(raw, extension);
      if (header.type === "S")
        throw broken(what, `${shown(header.path)} is a sparse file, which is not read`);
      const content = bytes.part(header.size);
      if (raw.type !== "g") {
        extension = {};
        yield { ...header, content: content.chunks };
      }
      await bytes.skip(content.left() + tarPadding(header.size));
    }
  } finally {
    await bytes.close();
  }
}

function problemOfHeader(position: number): string {
  return position === 0 ? "it is no tar archive" : `it is damaged: there is no header at byte ${position}`;
}

interface Part {
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes that were not read. */
  left(): number;
}

interface ByteReader {
  position(): number;
  take(count: number): Promise<Buffer>;
  skip(count: number): Promise<void>;
  /** The next so many bytes, as they come. */
  part(count: number): Part;
  close(): Promise<void>;
}

function createByteReader(source: AsyncIterable<Buffer>, what: string): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  const next = async (most: number): Promise<Buffer> => {
    while (rest.length === 0) {
      const { done, value } = await iterator.next();
      if (done === true) throw broken(what, "it is cut off");
      rest = value;
    }
    const taken = rest.length <= most ? rest : rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    position += taken.length;
    return taken;
  };
  const part = (count: number): Part => {
    let left = count;
    const chunks = async function* (): AsyncGenerator<Buffer, void, undefined> {
      while (left > 0) {
        const chunk = await next(left);
        left -= chunk.length;
        yield chunk;
      }
    };
    return { chunks: { [Symbol.asyncIterator]: chunks }, left: () => left };
  };
  return {
    position: () => position,
    take: async (count) => {
      const taken: Buffer[] = [];
      for await (const chunk of part(count).chunks) taken.push(chunk);
      return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
    },
    skip: async (count) => {
      for (let left = count; left > 0; ) left -= (await next(left)).length;
    },
    part,
    close: async () => {
      await iterator.return?.();
    },
  };
}
