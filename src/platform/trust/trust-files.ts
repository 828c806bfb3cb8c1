import { createPrivateKey, X509Certificate } from "node:crypto";
import { posix, resolve } from "node:path";
import { userPaths } from "../../config/paths.ts";
import { RegctlError } from "../../errors.ts";
import type { SetupWorld } from "../world.ts";
import type { ClientIdentity } from "./authority.ts";
import { type CertificateFacts, parseCertificates } from "./certificate.ts";

/** What files of this machine say of whom to trust and who we are. */
export interface TrustFiles {
  /** Of `--ca`; null without it. */
  readonly authorities: { readonly path: string; readonly certificates: readonly CertificateFacts[] } | null;
  readonly client: ClientIdentity | null;
  /** The authority of `regctl serve --tls self-signed` here; null when there is none. */
  readonly serve: CertificateFacts | null;
}

interface TrustFlags {
  readonly cwd: string;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** @throws RegctlError USAGE, FILE_FAILED */
export async function readTrustFiles(flags: TrustFlags, world: SetupWorld): Promise<TrustFiles> {
  if ((flags.cert === undefined) !== (flags.key === undefined)) {
    throw new RegctlError("USAGE", {
      problem: "--cert and --key belong together: a certificate that the registry asks for, and its key",
      type: "regctl setup trust REGISTRY --cert FILE --key FILE",
    });
  }
  return {
    authorities: flags.ca === undefined ? null : await readAuthorities(resolve(flags.cwd, flags.ca), world),
    client: await readClient(flags, world),
    serve: await readServe(world),
  };
}

async function readAuthorities(path: string, world: SetupWorld) {
  const bytes = await readNamed(path, world);
  const certificates = parseCertificates(bytes);
  if (certificates.length > 0) return { path, certificates: withoutDoubles(certificates) };
  throw new RegctlError("FILE_FAILED", { path, problem: whyNone(bytes.toString("latin1")) });
}

/** Bundles that were put together by hand hold some of them twice. */
function withoutDoubles(certificates: readonly CertificateFacts[]): readonly CertificateFacts[] {
  return [...new Map(certificates.map((each) => [each.fingerprint, each])).values()];
}

function whyNone(text: string): string {
  if (text.includes("-----BEGIN CERTIFICATE-----")) return "a certificate in it is damaged";
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return "it holds a private key and no certificate: name the certificate, and keep the key to its owner";
  }
  return "it holds no certificate, in PEM or DER";
}

async function readClient({ cwd, cert, key }: TrustFlags, world: SetupWorld): Promise<ClientIdentity | null> {
  if (cert === undefined || key === undefined) return null;
  const [certificatePath, keyPath] = [resolve(cwd, cert), resolve(cwd, key)];
  const certificate = (await readNamed(certificatePath, world)).toString("utf8");
  const keyText = (await readNamed(keyPath, world)).toString("utf8");
  const wrong = (path: string, problem: string, cause?: unknown) =>
    new RegctlError("FILE_FAILED", { path, problem }, { cause });
  const parsed = attempt(
    () => new X509Certificate(certificate),
    (cause) => wrong(certificatePath, "it is no certificate in PEM", cause),
  );
  const privateKey = attempt(
    () => createPrivateKey(keyText),
    (cause) => wrong(keyPath, "it is no private key in PEM, or one with a password", cause),
  );
  if (!parsed.checkPrivateKey(privateKey)) throw wrong(keyPath, `it is not the key of ${certificatePath}`);
  return { certificate, key: keyText };
}

function attempt<T>(act: () => T, failed: (cause: unknown) => RegctlError): T {
  try {
    return act();
  } catch (error) {
    throw failed(error);
  }
}

async function readServe(world: SetupWorld): Promise<CertificateFacts | null> {
  const path = posix.join(userPaths(world.environment, world.home).data, "tls", "ca.pem");
  const bytes = await world.files.read(path).catch(() => null);
  return bytes === null ? null : (parseCertificates(bytes)[0] ?? null);
}

async function readNamed(path: string, { files }: SetupWorld): Promise<Buffer> {
  const content = await files.read(path).catch((cause: unknown) => {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new RegctlError("FILE_FAILED", { path, problem }, { cause });
  });
  if (content === null) throw new RegctlError("FILE_FAILED", { path, problem: "there is no such file" });
  return content;
}
