/** The compressor of assembly/ in a memory of its own: two slots, each with its input and its output. */
import { deflateCode, deflatePages } from "./deflate-code.ts";

export interface DeflateInstance {
  /** Where the input of a slot lies: what came before, then the block. */
  inputOf(slot: number): number;
  outputOf(slot: number): number;
  /** Bytes of input (32 KiB that came before and 1 MiB at most) into bytes of output. */
  deflate(slot: number, before: number, length: number): number;
}

/** Memory of WebAssembly that several threads see. */
export interface DeflateMemory {
  readonly buffer: SharedArrayBuffer;
}

export const deflateSlots = 2;

/** The part of WebAssembly's interface that is used here; Node's types leave it to those of browsers. */
interface WebAssemblyInterface {
  readonly Memory: new (of: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => DeflateMemory;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: DeflateMemory } },
  ) => { readonly exports: DeflateInstance };
}

const { Memory, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface })
  .WebAssembly;

export function createDeflateMemory(): DeflateMemory {
  return new Memory({ initial: deflatePages, maximum: deflatePages, shared: true });
}

export function openDeflateInstance(memory: DeflateMemory): DeflateInstance {
  return new Instance(new Module(Buffer.from(deflateCode, "base64")), { env: { memory } }).exports;
}
