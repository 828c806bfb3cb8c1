/** Docker's credential helpers: programs `docker-credential-NAME` that take a word, JSON, and answer with JSON. */
import { collectChild } from "../child.ts";
import type { Credential } from "../config/docker-config.ts";
import { RegctlError } from "../errors.ts";
import type { CommandResult, Spawn } from "../ports.ts";
import { objectOf, parseJson, textOf, textRecordOf } from "./json.ts";

export type HelperAction = "get" | "store" | "erase" | "list";

/** A keychain may have to ask the person for its own password. */
const timeoutMs = 120_000;
/** In place of a user name, says that the secret is an identity token. */
const tokenUser = "<token>";
const notFound = /credentials not found/i;

export function helperProgram(name: string): string {
  return `docker-credential-${name}`;
}

/** Null when it has none for this key. Throws CREDENTIAL_HELPER_FAILED, as all of these. */
export async function getFromHelper(name: string, key: string, spawn: Spawn): Promise<Credential | null> {
  const { code, stdout, stderr } = await run(name, "get", key, spawn);
  if (code !== 0) {
    if (notFound.test(`${stdout}${stderr}`)) return null;
    throw failed(name, "get", { code, stdout, stderr });
  }
  const answer = objectOf(parseJson(stdout));
  const username = textOf(answer?.Username) ?? "";
  const secret = textOf(answer?.Secret);
  if (answer === undefined) throw refuse(name, "get", "it answered with something else than JSON");
  if (secret === undefined) return null;
  return username === tokenUser
    ? { kind: "identity-token", username: "", token: secret }
    : { kind: "password", username, password: secret };
}

export async function storeInHelper(
  name: string,
  key: string,
  credential: Exclude<Credential, { kind: "registry-token" }>,
  spawn: Spawn,
): Promise<void> {
  const identity = credential.kind === "identity-token";
  const entry = {
    ServerURL: key,
    Username: identity ? tokenUser : credential.username,
    Secret: identity ? credential.token : credential.password,
  };
  const result = await run(name, "store", JSON.stringify(entry), spawn);
  if (result.code !== 0) throw failed(name, "store", result);
}

/** False when it had none. */
export async function eraseFromHelper(name: string, key: string, spawn: Spawn): Promise<boolean> {
  const result = await run(name, "erase", key, spawn);
  if (result.code === 0) return true;
  if (notFound.test(`${result.stdout}${result.stderr}`)) return false;
  throw failed(name, "erase", result);
}

/** The keys that it has. */
export async function listHelper(name: string, spawn: Spawn): Promise<readonly string[]> {
  const result = await run(name, "list", "", spawn);
  if (result.code !== 0) throw failed(name, "list", result);
  return Object.keys(textRecordOf(parseJson(result.stdout)) ?? {});
}

async function run(name: string, action: HelperAction, input: string, spawn: Spawn): Promise<CommandResult> {
  const child = spawn([helperProgram(name), action]);
  return await collectChild(
    child,
    { input, timeoutMs },
    {
      timeout: (seconds) => refuse(name, action, `it did not end within ${seconds} s`),
    },
  );
}

function failed(name: string, action: HelperAction, { code, stdout, stderr }: CommandResult): RegctlError {
  if (code === 127) return refuse(name, action, "the program is not installed, or not on the PATH");
  // What it prints on success may be a secret; what it prints when it fails is the reason.
  const said = `${stderr}`.trim() || `${stdout}`.trim();
  return refuse(name, action, said.split("\n")[0]?.slice(0, 300) || `it ended with code ${code}`);
}

function refuse(name: string, action: HelperAction, reason: string): RegctlError {
  return new RegctlError("CREDENTIAL_HELPER_FAILED", { helper: helperProgram(name), action, reason });
}
