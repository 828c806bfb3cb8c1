/** The platform of images that run on this machine. Pure. */
import type { Platform } from "../registry/platform.ts";

/** Node's names of processors where they differ from Go's, which images use. */
const architectures: Readonly<Record<string, Omit<Platform, "os">>> = {
  x64: { architecture: "amd64" },
  ia32: { architecture: "386" },
  arm: { architecture: "arm", variant: "v7" },
  ppc64: { architecture: "ppc64le" },
};

/** `processor` is Node's `process.arch`. Engines run Linux images, on macOS and Windows too. */
export function platformOfMachine(processor: string): Platform {
  const known = Object.hasOwn(architectures, processor) ? architectures[processor] : undefined;
  return { os: "linux", ...(known ?? { architecture: processor }) };
}
