import type { MaySave } from "../config/may-save.ts";
import type { Environment, Files } from "../ports.ts";

/** What finding services needs of the world; the composition root has it all. */
export interface ServiceWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  maySave(): MaySave;
}
