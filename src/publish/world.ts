import type { AccessWorld } from "../access/world.ts";
import type { EngineWorld } from "../engine/reach-engine.ts";
import type { Packers } from "../transfer/compression/compression.ts";

/** What publishing needs of the world; the composition root has it all. */
export interface PublishWorld extends AccessWorld, EngineWorld {
  /** Processors that this process may use. */
  readonly cores: number;
  deflate(): Promise<Packers["deflate"]>;
  /** Of the libraries that it packs with. */
  readonly libraries: { readonly zlib?: string; readonly zstd?: string };
}
