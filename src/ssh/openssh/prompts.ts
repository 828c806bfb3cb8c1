/** What `ssh` asks through its askpass program, told by its words. Pure. */

export type AskedBySsh =
  | {
      readonly kind: "host-key";
      /** As ssh names it; null where its words say none. */
      readonly at: { readonly host: string; readonly port: number } | null;
      readonly keyType: string;
      readonly fingerprint: string;
      readonly remarks: readonly string[];
    }
  | { readonly kind: "passphrase"; readonly path: string }
  | { readonly kind: "password"; readonly question: string }
  /** A touch of a security key: nothing to type. */
  | { readonly kind: "presence" }
  | { readonly kind: "other"; readonly question: string };

/** `hint` is SSH_ASKPASS_PROMPT: `none` means that ssh only wants its words shown. */
export function parseAsked(prompt: string, hint: string): AskedBySsh {
  if (hint === "none" || /^Confirm user presence/i.test(prompt)) return { kind: "presence" };
  const fingerprint = /\b(\S+) key fingerprint is (SHA256:[A-Za-z0-9+/]+)/.exec(prompt);
  if (fingerprint) {
    const [, keyType = "", shown = ""] = fingerprint;
    return { kind: "host-key", at: hostIn(prompt), keyType, fingerprint: shown, remarks: remarksIn(prompt) };
  }
  const path = /^Enter passphrase for (?:key )?'?(.+?)'?: *$/.exec(prompt)?.[1];
  if (path !== undefined) return { kind: "passphrase", path };
  const question = prompt.trim().replace(/:$/, "");
  return { kind: /pass(word|code)?\b.*:\s*$/i.test(prompt) ? "password" : "other", question };
}

function hostIn(prompt: string): { host: string; port: number } | null {
  const name = /authenticity of host '(.+?)(?: \(.*?\))?' can't/.exec(prompt)?.[1];
  if (name === undefined) return null;
  const [, bracketed, port] = /^\[(.+)\]:(\d+)$/.exec(name) ?? [];
  return bracketed === undefined ? { host: name, port: 22 } : { host: bracketed, port: Number(port) };
}

/** What makes an unknown key suspicious. That it is known under another name does not. */
function remarksIn(prompt: string): string[] {
  const lines = prompt.split("\n").map((line) => line.trim());
  return lines.filter((line) => line.startsWith("but keys of different type"));
}
