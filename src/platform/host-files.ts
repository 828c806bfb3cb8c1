/**
 * Changing files on a host with nothing but a shell: atomic, compare-and-swap, owner and mode kept. The scripts are
 * POSIX sh for busybox, dash and bash; what goes into the file arrives on standard input, never in an argument.
 */
import { createHash } from "node:crypto";
import { RegctlError } from "../errors.ts";
import type { Host } from "../ports.ts";
import type { FileEdit } from "./plan.ts";

/** Exit codes of our scripts that mean something. */
const changedCode = 91;
const cutCode = 92;

/** A command on a file, and the disk's time to keep it; nothing that is well takes as long. */
export const hostFileTimeoutMs = 60_000;

// Arguments: target, sha256 now ("-" for no file), sha256 to be, mode, uid, gid of a new file.
const replaceScript = `
LC_ALL=C; export LC_ALL; umask 077
target=$1 was=$2 to_be=$3 mode=$4 uid=$5 gid=$6
dir=\${target%/*}; [ -n "$dir" ] || dir=/
[ -d "$dir" ] || ( umask 022; mkdir -p "$dir" ) || exit 1
for old in "$dir/.\${target##*/}".regctl.*; do [ -e "$old" ] && rm -f "$old"; done
tmp="$dir/.\${target##*/}.regctl.$$"
trap 'rm -f "$tmp"' EXIT; trap 'exit 1' HUP INT TERM PIPE
sum() { s=$(sha256sum < "$1") || return 1; printf '%s' "\${s%% *}"; }
if [ "$was" != - ]; then cp -p "$target" "$tmp" || exit 1; else : > "$tmp" || exit 1; fi
cat > "$tmp" || exit 1
[ "$(sum "$tmp")" = "$to_be" ] || exit ${cutCode}
if [ "$was" = - ]; then
  [ ! -e "$target" ] || exit ${changedCode}
  chown "$uid:$gid" "$tmp" && chmod "$mode" "$tmp" || exit 1
else
  [ -e "$target" ] && [ "$(sum "$target")" = "$was" ] || exit ${changedCode}
  chcon --reference="$target" "$tmp" 2>/dev/null
fi
sync "$tmp" 2>/dev/null || sync
mv -f "$tmp" "$target" || exit 1
sync "$dir" 2>/dev/null || sync
`;

// Arguments: target, sha256 now, then the folders to take away when they are empty, innermost first.
const removeScript = `
s=$(sha256sum < "$1") || exit 1
[ "\${s%% *}" = "$2" ] || exit ${changedCode}
rm -f "$1" || exit 1
sync "\${1%/*}" 2>/dev/null || sync
shift 2
for folder; do rmdir "$folder" 2>/dev/null || break; done
exit 0
`;

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Carries out one edit as root. Old file or new file, never half of one.
 * @throws RegctlError CHANGED_SINCE_PLANNED when the file is not what the plan saw, HOST_FILE_FAILED when it could not
 *   be replaced, anything else when nobody knows whether it was
 */
export async function applyEdit(root: Host, edit: FileEdit): Promise<void> {
  if (edit.before === edit.after) return;
  const was = edit.before === null ? "-" : sha256(edit.before);
  const result =
    edit.after === null
      ? await root.run(
          ["sh", "-c", removeScript, "regctl-remove", edit.target, was, ...(edit.folders ?? [])],
          { timeoutMs: hostFileTimeoutMs },
        )
      : await root.run(
          [
            "sh",
            "-c",
            replaceScript,
            "regctl-replace",
            edit.target,
            was,
            sha256(edit.after),
            edit.mode || "644",
            String(edit.uid),
            String(edit.gid),
          ],
          { input: edit.after, timeoutMs: hostFileTimeoutMs },
        );
  if (result.code === 0) return;
  if (result.code === null) {
    const facts = { host: root.name, command: `write ${edit.path}`, code: null };
    throw new RegctlError("HOST_COMMAND_FAILED", { ...facts, output: lastLine(result.stderr) });
  }
  if (result.code === changedCode) {
    throw new RegctlError("CHANGED_SINCE_PLANNED", { host: root.name, path: edit.path });
  }
  const problem =
    result.code === cutCode
      ? "the text did not arrive whole"
      : lastLine(result.stderr) || `exit code ${result.code}`;
  throw new RegctlError("HOST_FILE_FAILED", { host: root.name, path: edit.path, problem });
}

/** Whether a file holds exactly this text; null means that there is none. */
export async function holdsText(root: Host, target: string, text: string | null): Promise<boolean> {
  const script = 'if [ -e "$1" ] || [ -L "$1" ]; then sha256sum < "$1"; else echo none; fi';
  const argv = ["sh", "-c", script, "regctl-sum", target];
  const { code, stdout } = await root.run(argv, { timeoutMs: hostFileTimeoutMs });
  return code === 0 && stdout.toString("latin1").split(/\s/)[0] === (text === null ? "none" : sha256(text));
}

function lastLine(bytes: Buffer): string {
  return bytes.toString("utf8").trim().split("\n").at(-1) ?? "";
}
