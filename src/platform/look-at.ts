import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { HostFile } from "./facts.ts";
import { hostFileTimeoutMs } from "./host-files.ts";
import { filesOf } from "./observe.ts";
import { showScript } from "./observe-script.ts";
import { parseFrames } from "./parse-frames.ts";

const lookScript = `
LC_ALL=C; export LC_ALL
${showScript}
for p in "$@"; do
  case $p in
    *//) for f in "\${p%//}"/*/*; do [ -e "$f" ] && show "$f"; done ;;
    */) for f in "$p"*; do [ -e "$f" ] && show "$f"; done ;;
    *) show "$p" ;;
  esac
done
say end ok
`;

/**
 * Files that the one look at a host does not show, by path: those that are named, there or not; with `FOLDER/` those
 * in a folder, with `FOLDER//` those in its folders. A folder that is there is an unreadable file.
 * @throws RegctlError HOST_COMMAND_FAILED
 */
export async function readHostFiles(
  host: Host,
  paths: readonly string[],
): Promise<Readonly<Record<string, HostFile>>> {
  const argv = ["sh", "-c", lookScript, "regctl-look", ...paths];
  const result = await host.run(argv, { timeoutMs: hostFileTimeoutMs });
  const frames = parseFrames(result.stdout);
  if (frames) return filesOf(frames);
  throw new RegctlError("HOST_COMMAND_FAILED", {
    host: host.name,
    command: `sh (reading ${paths.join(", ")})`,
    code: result.code,
    output: result.stderr.toString("utf8").trim(),
  });
}
