/** The user's login for a registry in the form in which an engine takes it along. */
import type { EngineLogin } from "../engine/images.ts";
import { credentialKeyOf } from "../registry/credential-keys.ts";
import { type CredentialWorld, findCredential } from "../registry/credentials.ts";

/** Null for none, and for one that only registries themselves are shown. */
export async function readEngineLogin(registry: string, world: CredentialWorld): Promise<EngineLogin | null> {
  const found = await findCredential(registry, world);
  if (found === null) return null;
  const { credential } = found;
  const key = credentialKeyOf(registry);
  switch (credential.kind) {
    case "password":
      return { username: credential.username, password: credential.password, registry: key };
    case "identity-token":
      return { identityToken: credential.token, registry: key };
    case "registry-token":
      return null;
  }
}
