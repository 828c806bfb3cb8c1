/** The truth about a shell file: what a real sh makes of it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The words that an init script passes on with an unquoted `$variable`; throws when sh does not take the text. */
export function sourceWithSh(text: string, variable: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "regctl-sh-"));
  try {
    writeFileSync(join(folder, "profile"), text);
    const script = `set -ef; . ./profile; for word in $${variable}; do printf '%s\\n' "$word"; done`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], {
      cwd: folder,
      encoding: "utf8",
      env: {},
    });
    if (status !== 0) throw new Error(`sh ended with ${status}: ${stderr}`);
    return stdout.split("\n").slice(0, -1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
