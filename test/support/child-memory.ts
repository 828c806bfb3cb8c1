/** How much memory a child took at most. Linux tells it as long as the process is there. */
import { readFile } from "node:fs/promises";

const everyMs = 25;

export interface MemoryWatch {
  /** Most resident bytes so far: of the highest mark that the kernel kept, seen at most 25 ms before the end. */
  readonly peak: () => number;
}

export function watchMemory(pid: number | undefined): MemoryWatch {
  let peak = 0;
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
    if (Number.isNaN(kib)) return clearInterval(timer);
    peak = Math.max(peak, kib * 1024);
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { peak: () => peak };
}
