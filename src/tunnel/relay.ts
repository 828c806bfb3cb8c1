/** Two streams as one, in both directions, each with an end of its own. */
import type { Duplex } from "node:stream";
import type { RegctlError } from "../errors.ts";
import type { Intake } from "../intake.ts";
import type { Dialled } from "../ssh/connection.ts";
import type { Arrival } from "./listener.ts";

export interface RelayCounts {
  /** Towards the server, and from it; `sparing`: none of it in memory of its own. */
  up(bytes: number, sparing: boolean): void;
  down(bytes: number, sparing: boolean): void;
}

/**
 * Joins a connection that came in with the stream that was dialled for it. An end is passed on as an end, everything
 * else as a break: a cut must not look like a complete answer. Settles when both are gone: null after a good end or
 * when `near` broke it off, else why the far side's part may not be all.
 */
export async function relay(near: Arrival, far: Dialled, counts: RelayCounts): Promise<RegctlError | null> {
  const { stream } = far;
  const { promise, resolve } = Promise.withResolvers<RegctlError | null>();
  let broken = false;
  const broke = (why: RegctlError | null): void => {
    if (broken) return;
    broken = true;
    breakOff(near);
    far.discard();
    resolve(why);
  };
  const farBroke = async (): Promise<void> => broke(await far.ending());
  const farEnded = async (): Promise<void> => {
    const why = await far.ending();
    if (why === null) near.end();
    else broke(why);
  };
  let [nearDone, farDone] = [false, false];
  const sparing = near.intake !== undefined && far.intake !== undefined;
  pump(
    {
      from: near,
      to: stream,
      count: (bytes) => counts.up(bytes, sparing),
      intake: near.intake,
      keeps: false,
    },
    () => {
      nearDone = true;
      stream.end();
    },
  );
  // A stream that is no socket of ours says that it has written what it only holds.
  const keeps = near.intake === undefined;
  pump(
    { from: stream, to: near, count: (bytes) => counts.down(bytes, sparing), intake: far.intake, keeps },
    () => {
      farDone = true;
      void farEnded();
    },
  );
  near.on("error", () => broke(null));
  stream.on("error", () => void farBroke());
  // A close with no end before it is a break; after both ends it is how a stream goes.
  near.once("close", () => {
    if (nearDone && near.writableFinished) resolve(null);
    else broke(null);
  });
  stream.once("close", () => {
    if (!farDone) void farBroke();
    // Nobody takes what `near` still says.
    else if (near.writableFinished) near.destroy();
    else near.once("finish", () => near.destroy());
  });
  if (near.destroyed) broke(null);
  return await promise;
}

interface OneWay {
  readonly from: Duplex;
  readonly to: Duplex;
  readonly count: (bytes: number) => void;
  readonly intake: Intake | undefined;
  /** `to` may still need the bytes when it has taken them. */
  readonly keeps: boolean;
}

/** What is not taken stops the reading: so much of one chunk is all that a stalled reader may hold here. */
function pump(way: OneWay, atEnd: () => void): void {
  const { from, to, count, intake } = way;
  if (from.readableEnded) atEnd();
  else from.once("end", atEnd);
  if (intake === undefined) pumpChunks(from, to, count);
  else pumpBy(intake, way);
}

function pumpChunks(from: Duplex, to: Duplex, count: OneWay["count"]): void {
  const resume = (): void => void from.resume();
  from.on("data", (chunk: Buffer) => {
    if (to.destroyed) return;
    count(chunk.length);
    // A socket that has taken all at once says "full" all the same, when it was much.
    if (to.write(chunk) || to.writableLength === 0) return;
    from.pause();
    to.once("drain", resume);
  });
}

/** The same piece of memory is read into again as soon as what was in it is on its way. */
function pumpBy(intake: Intake, { from, to, count, keeps }: OneWay): void {
  let stalled = false;
  const written = (): void => {
    if (!stalled || to.writableLength > 0) return;
    stalled = false;
    from.resume();
  };
  const goesOn = intake.start((piece) => {
    if (to.destroyed) return true;
    count(piece.length);
    to.write(keeps ? Buffer.from(piece) : piece, written);
    stalled = to.writableLength > 0;
    return !stalled;
  });
  if (goesOn) from.resume();
}

/** As a break, wherever that can be told. */
export function breakOff(near: Arrival): void {
  if (near.destroyed) return;
  // A reset while the end is on its way fails, and Node then waits for the socket for ever.
  if (near.resetAndDestroy === undefined || near.writableEnded) near.destroy();
  else near.resetAndDestroy();
}
