import type { Credential } from "../config/docker-config.ts";
import { dockerConfigPath } from "../config/docker-config.ts";
import { RegctlError } from "../errors.ts";
import { storeCredential } from "../registry/credential-store.ts";
import { hubRegistry } from "../registry/docker-hub.ts";
import { openClient, type TrustFlags } from "./open.ts";
import { refuseUnderSudo } from "./use-registry.ts";
import { chooseRegistry } from "./which-registry.ts";
import type { AccessWorld } from "./world.ts";

export interface LogInInput extends TrustFlags {
  readonly registry?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordStdin: boolean;
  readonly timeoutSeconds?: number | undefined;
}

export interface LogInOutcome {
  readonly registry: string;
  readonly username: string;
  /** False where the registry asks nobody for a login, so that nothing could be tried. */
  readonly verified: boolean;
  /** The credential helper's program, or the file. */
  readonly storedIn: string;
  /** Anybody who reads that file has the password. */
  readonly plainText: boolean;
  /** What is stored: the password, or what a token server gave in its place. */
  readonly stored: "password" | "identity-token";
}

/** Verifies a login, then stores it where `docker login` would. Throws UNAUTHORIZED, MISSING_ANSWER. */
export async function logIn(input: LogInInput, world: AccessWorld): Promise<LogInOutcome> {
  const { registry, settings } = await chooseRegistry(input.registry, world);
  refuseUnderSudo(dockerConfigPath(world.environment, world.home), world);
  const password = await askLogin(input, registry, world);
  const login = { credential: password, from: "this command" };
  const client = await openClient({ ...input, registry, settings, login, offline: true }, world);
  try {
    const { access } = await client.ping();
    if (access === "refused") {
      const facts = { registry, what: registry, reason: "it did not take this login", login: login.from };
      throw new RegctlError("UNAUTHORIZED", facts);
    }
    const verified = client.loginFrom() !== null;
    if (!verified) {
      const warning = `${registry} lets everybody in: whether this login is right could not be found out`;
      world.emit({ event: "warning", warning });
    }
    const token = client.identityToken();
    const { username } = password;
    const kept: Exclude<Credential, { kind: "registry-token" }> =
      token === null ? password : { kind: "identity-token", username, token };
    const { place, plainText } = await storeCredential(registry, kept, world);
    return { registry, username, verified, storedIn: place, plainText, stored: kept.kind };
  } finally {
    await client.close();
  }
}

async function askLogin(
  { username: given, passwordStdin }: LogInInput,
  registry: string,
  { prompt, input }: AccessWorld,
): Promise<Extract<Credential, { kind: "password" }>> {
  const shown = registry === hubRegistry ? "Docker Hub" : registry;
  if (passwordStdin && given === undefined) {
    throw new RegctlError("USAGE", {
      problem: "--password-stdin needs --username",
      type: `regctl login ${registry} --username NAME --password-stdin`,
    });
  }
  // Whoever cannot be asked learns of both flags at once.
  const flags = "--username NAME --password-stdin";
  const username =
    given ?? (await prompt.text({ kind: "text", question: `User name for ${shown}`, flag: flags }));
  const password = passwordStdin
    ? (await input()).replace(/\r?\n$/, "")
    : await prompt.secret({
        kind: "secret",
        question: `Password for ${username} at ${shown}`,
        flag: "--password-stdin",
      });
  if (username === "" || password === "") {
    const what = username === "" ? "user name" : "password";
    throw new RegctlError("USAGE", { problem: `the ${what} is empty`, type: `regctl login ${registry}` });
  }
  // In what is sent and stored, the first colon ends the name.
  if (username.includes(":")) throw new RegctlError("USAGE", { problem: "a user name holds no colon" });
  return { kind: "password", username, password };
}
