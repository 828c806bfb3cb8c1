/**
 * A file system in memory that knows what a power cut leaves: content that was synced, and names in folders that were
 * synced. All else is lost, or not, or lost in part: `cut` decides by a given choice. It behaves as the real files do
 * (test/server/store-files.test.ts runs the same suite for both).
 */
import type { StoreFile, StoreFiles } from "../../src/server/disk/files.ts";

interface Node {
  readonly inode: number;
  /** Null for a folder. */
  data: Buffer | null;
  synced: Buffer | null;
  names: Map<string, Node>;
  syncedNames: Map<string, Node>;
  modifiedMs: number;
}

/** From 0 up to 1, as Math.random. */
export type Choose = () => number;

export interface VolatileFiles extends StoreFiles {
  /** What is there after the power came back. */
  cut(choose: Choose): VolatileFiles;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, syscall: "volatile" });
}

let inodes = 0;

function newNode(data: Buffer | null): Node {
  inodes += 1;
  const nothing = data === null ? null : Buffer.alloc(0);
  return {
    inode: inodes,
    data,
    synced: nothing,
    names: new Map(),
    syncedNames: new Map(),
    modifiedMs: Date.now(),
  };
}

export function createVolatileFiles(root: Node = newNode(null)): VolatileFiles {
  const find = (path: string): Node | undefined => {
    let node: Node | undefined = root;
    for (const name of path.split("/").filter(Boolean)) node = node?.names.get(name);
    return node;
  };
  const parentOf = (path: string): { folder: Node; name: string } => {
    const cut = path.lastIndexOf("/");
    const folder = find(path.slice(0, cut));
    if (folder === undefined || folder.data !== null) throw failure("ENOENT", path);
    return { folder, name: path.slice(cut + 1) };
  };
  const need = (path: string): Node => {
    const node = find(path);
    if (node === undefined) throw failure("ENOENT", path);
    return node;
  };
  const removeNode = (path: string, folders: boolean): boolean => {
    const node = find(path);
    if (node === undefined || (folders && node.names.size > 0)) return false;
    const { folder, name } = parentOf(path);
    folder.names.delete(name);
    return true;
  };
  return {
    open: async (path, mode) => {
      const { folder, name } = parentOf(path);
      const found = folder.names.get(name);
      if (mode === "create" && found !== undefined) throw failure("EEXIST", path);
      if (mode !== "create" && found === undefined) throw failure("ENOENT", path);
      const node = found ?? newNode(Buffer.alloc(0));
      folder.names.set(name, node);
      return openNode(node);
    },
    stat: async (path) => {
      const node = find(path);
      if (node === undefined) return null;
      const { data, modifiedMs, inode } = node;
      return { size: data?.length ?? 0, modifiedMs, links: countNames(root, node), inode };
    },
    has: (path) => find(path) !== undefined,
    read: async (path) => find(path)?.data ?? null,
    list: async (path) => [...(find(path)?.names.keys() ?? [])],
    makeFolder: async (path) => {
      const { folder, name } = parentOf(path);
      if (!folder.names.has(name)) folder.names.set(name, newNode(null));
    },
    link: async (from, to) => {
      const node = need(from);
      const { folder, name } = parentOf(to);
      if (folder.names.has(name)) throw failure("EEXIST", to);
      folder.names.set(name, node);
    },
    rename: async (from, to) => {
      const node = need(from);
      const target = parentOf(to);
      if (target.folder.names.get(target.name) === node) return;
      target.folder.names.set(target.name, node);
      const source = parentOf(from);
      source.folder.names.delete(source.name);
    },
    remove: async (path) => removeNode(path, false),
    removeFolder: async (path) => removeNode(path, true),
    syncFolder: async (path) => {
      const node = need(path);
      node.syncedNames = new Map(node.names);
    },
    touch: async (path, timeMs) => {
      need(path).modifiedMs = timeMs;
    },
    cut: (choose) => createVolatileFiles(survivor(root, choose, new Map())),
  };
}

function openNode(node: Node): StoreFile {
  return {
    read: async (target, position) => (node.data ?? Buffer.alloc(0)).copy(target, 0, position),
    write: async (chunks, position) => {
      const bytes = Buffer.concat(chunks);
      const old = node.data ?? Buffer.alloc(0);
      const data = Buffer.alloc(Math.max(old.length, position + bytes.length));
      old.copy(data);
      bytes.copy(data, position);
      node.data = data;
      node.modifiedMs = Date.now();
      return bytes.length;
    },
    truncate: async (size) => {
      node.data = Buffer.from((node.data ?? Buffer.alloc(0)).subarray(0, size));
    },
    sync: async () => {
      node.synced = node.data === null ? null : Buffer.from(node.data);
    },
    close: async () => {},
  };
}

function countNames(folder: Node, wanted: Node): number {
  let count = 0;
  for (const node of folder.names.values()) {
    if (node === wanted) count += 1;
    if (node.data === null) count += countNames(node, wanted);
  }
  return count;
}

/** Each name and each content on its own: as it was synced, or as it is; content also as a part followed by zeros. */
function survivor(node: Node, choose: Choose, done: Map<Node, Node>): Node {
  const known = done.get(node);
  if (known !== undefined) return known;
  const copy = newNode(null);
  done.set(node, copy);
  copy.modifiedMs = node.modifiedMs;
  if (node.data !== null) {
    copy.data = survivingData(node.data, node.synced ?? Buffer.alloc(0), choose);
    copy.synced = Buffer.from(copy.data);
    return copy;
  }
  for (const name of new Set([...node.names.keys(), ...node.syncedNames.keys()])) {
    const [now, before] = [node.names.get(name), node.syncedNames.get(name)];
    const left = now === before || choose() < 0.5 ? before : now;
    if (left !== undefined) copy.names.set(name, survivor(left, choose, done));
  }
  copy.syncedNames = new Map(copy.names);
  return copy;
}

function survivingData(data: Buffer, synced: Buffer, choose: Choose): Buffer {
  if (data.equals(synced)) return Buffer.from(data);
  const chosen = choose();
  if (chosen < 0.5) return Buffer.from(synced);
  if (chosen < 0.75) return Buffer.from(data);
  const torn = Buffer.alloc(data.length);
  data.copy(torn, 0, 0, Math.floor(choose() * data.length));
  return torn;
}
