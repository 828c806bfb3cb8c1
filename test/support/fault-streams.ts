/** What a fault proxy puts between two ends: streams that count, slow down, change or stop the bytes. */
import { Transform } from "node:stream";

export interface CountedBytes {
  bytes: number;
}

export function countBytes(counted: CountedBytes): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      counted.bytes += chunk.length;
      done(null, chunk);
    },
  });
}

/** Lets `at` bytes through, tells it once, and takes nothing more, or what comes to no effect. */
export function breakAt(at: number, reached: () => void, drains: boolean): Transform {
  let left = at;
  let broken = false;
  const stop = () => {
    broken = true;
    // What was let through is on its way before the connection ends.
    setImmediate(reached);
  };
  if (at === 0) stop();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (broken) return drains ? done() : undefined;
      const part = chunk.subarray(0, left);
      left -= part.length;
      this.push(part);
      if (left === 0) stop();
      if (left > 0 || drains) done();
    },
    // The end is kept back as well: a body that is shorter is broken off after its last byte.
    flush: () => {
      if (!broken) stop();
    },
  });
}

/** At most `most` bytes; the one too many is told, and the rest is swallowed. */
export function limitBytes(most: number, exceeded: () => void): Transform {
  let left = most;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const fitted = left >= 0;
      left -= chunk.length;
      if (left >= 0) done(null, chunk);
      else {
        if (fitted) exceeded();
        done();
      }
    },
  });
}

export function flipByte(at: number): Transform {
  let position = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const place = at - position;
      position += chunk.length;
      if (place < 0 || place >= chunk.length) return done(null, chunk);
      const changed = Buffer.from(chunk);
      changed[place] = (changed[place] ?? 0) ^ 0x01;
      done(null, changed);
    },
  });
}

export function slowDown(bytesPerSecond: number): Transform {
  const piece = Math.max(1, Math.floor(bytesPerSecond / 20));
  return new Transform({
    async transform(chunk: Buffer, _encoding, done) {
      for (let start = 0; start < chunk.length && !this.destroyed; start += piece) {
        const part = chunk.subarray(start, start + piece);
        this.push(part);
        await new Promise((resolve) => setTimeout(resolve, (part.length / bytesPerSecond) * 1000));
      }
      done();
    },
  });
}
