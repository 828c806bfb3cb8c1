import type { Context } from "../context.ts";

/** What looking needs of the world: nearly all of it, for it looks at everything. */
export type DoctorWorld = Context;
