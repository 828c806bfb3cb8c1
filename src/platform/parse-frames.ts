/** One record of the observe script: `NAME LENGTH\n<bytes>\n`. */
export interface Frame {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Cuts the script's output into frames. Returns null when the output is cut short or a length does not fit, as
 * when a file changed while it was printed: ask again.
 */
export function parseFrames(output: Buffer): readonly Frame[] | null {
  const frames: Frame[] = [];
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    if (end < 0) return null;
    const header = /^([a-z-]+) (\d+)$/.exec(output.toString("latin1", at, end));
    if (!header?.[1]) return null;
    const start = end + 1;
    const stop = start + Number(header[2]);
    if (output[stop] !== 0x0a) return null;
    frames.push({ name: header[1], bytes: output.subarray(start, stop) });
    at = stop + 1;
  }
  return frames.at(-1)?.name === "end" ? frames : null;
}
