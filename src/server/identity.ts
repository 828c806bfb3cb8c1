/** The certificate that a server shows: the user's own, or one of our private authority. */
import { X509Certificate } from "node:crypto";
import { posix } from "node:path";
import { userPaths } from "../config/paths.ts";
import { RegctlError } from "../errors.ts";
import type { Clock, Environment, Files } from "../ports.ts";
import type { ListenAddress, ServerIdentity } from "./listener.ts";
import type { TlsChoice } from "./settings.ts";
import type { MachineNames } from "./tls/names.ts";

export interface Identity {
  readonly identity: ServerIdentity;
  /** Of a private authority that clients must be told of; null for the user's own files. */
  readonly authority: {
    readonly caPath: string;
    readonly fingerprint: string;
    readonly fresh: boolean;
  } | null;
  /** When it should be read or made anew; null when nobody but the user knows. */
  readonly renewAt: Date | null;
  /** The end of the certificate. */
  readonly expires: Date;
}

export interface IdentityWorld {
  readonly environment: Environment;
  readonly home: string;
  readonly files: Files;
  readonly clock: Clock;
  machineNames(): Promise<MachineNames>;
}

/** @throws RegctlError FILE_FAILED, STATE_UNREADABLE */
export async function openIdentity(
  tls: TlsChoice,
  listen: ListenAddress,
  world: IdentityWorld,
): Promise<Identity | null> {
  if (tls.kind === "none") return null;
  if (tls.kind === "files") return await readIdentity(tls.certificate, tls.key, world.files);
  const [{ openSelfSigned }, { namesOf }] = await Promise.all([
    import("./tls/self-signed.ts"),
    import("./tls/names.ts"),
  ]);
  const folder = posix.join(userPaths(world.environment, world.home).data, "tls");
  const names = namesOf(listen.host, await world.machineNames());
  const { identity, caPath, fingerprint, renewAt, fresh } = await openSelfSigned(folder, names, world);
  const expires = new X509Certificate(identity.certificate).validToDate;
  return { identity, authority: { caPath, fingerprint, fresh }, renewAt, expires };
}

async function readIdentity(certificatePath: string, keyPath: string, files: Files): Promise<Identity> {
  const certificate = await readNamed(certificatePath, files);
  const key = await readNamed(keyPath, files);
  const { createPrivateKey } = await import("node:crypto");
  const parsed = judge(
    certificatePath,
    "it is no certificate in PEM",
    () => new X509Certificate(certificate),
  );
  const privateKey = judge(keyPath, "it is no private key in PEM, or one with a password", () =>
    createPrivateKey(key),
  );
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new RegctlError("FILE_FAILED", {
      path: keyPath,
      problem: `it is not the key of ${certificatePath}`,
    });
  }
  return { identity: { certificate, key }, authority: null, renewAt: null, expires: parsed.validToDate };
}

function judge<T>(path: string, problem: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new RegctlError("FILE_FAILED", { path, problem }, { cause });
  }
}

/** A file that the user named must be there. */
export async function readNamed(path: string, files: Files): Promise<string> {
  const content = await files.read(path).catch((cause: unknown) => {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new RegctlError("FILE_FAILED", { path, problem }, { cause });
  });
  if (content === null) throw new RegctlError("FILE_FAILED", { path, problem: "there is no such file" });
  return content.toString("utf8");
}
