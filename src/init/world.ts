import type { Context } from "../context.ts";

/** What init needs of the world: all that the commands need that it composes. */
export type InitWorld = Context;
