/**
 * Whom to trust and how: the certificates that Docker and Podman keep for each registry, and ours. Reads files.
 * @see https://docs.docker.com/engine/security/certificates/ (files `*.crt`, `*.cert` and `*.key` by registry)
 */
import { posix } from "node:path";
import { RegctlError } from "../errors.ts";
import type { Emit, Environment, Files } from "../ports.ts";
import type { ServerTrust } from "./http/transport.ts";

/** All that is needed of files: they may be another host's. */
export type TrustFiles = Pick<Files, "read" | "list">;

export interface TrustWorld {
  readonly files: TrustFiles;
  readonly environment: Environment;
  readonly home: string;
  readonly emit: Emit;
}

export interface TrustQuestion {
  /** HOST[:PORT], spelled as references spell it. */
  readonly registry: string;
  /** A file with authorities to trust besides, from `--ca` or the settings. */
  readonly ca: string | null;
  readonly verify: boolean;
}

/** Folders are named as the registry is spelled in references, port included. */
export function trustFolders(
  registry: string,
  { environment, home }: Pick<TrustWorld, "environment" | "home">,
): readonly string[] {
  const config = environment.XDG_CONFIG_HOME || posix.join(home, ".config");
  return [
    "/etc/docker/certs.d",
    posix.join(config, "docker/certs.d"),
    posix.join(config, "containers/certs.d"),
    "/etc/containers/certs.d",
  ].map((folder) => posix.join(folder, registry));
}

/** Where the lists of authorities of Debian, Red Hat, SUSE and Alpine are. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * What this machine trusts, as engines read it: one file, which the environment may name. Null where there is none.
 */
async function readSystem({ environment, files }: TrustWorld): Promise<string | null> {
  const named = environment.SSL_CERT_FILE;
  for (const path of named ? [named] : systemBundles) {
    const text = (await files.read(path).catch(() => null))?.toString("utf8") ?? "";
    if (isPem(text)) return text;
  }
  return null;
}

/** What Node programs are told to trust besides. */
async function readNodeExtra({ environment, files }: TrustWorld): Promise<readonly string[]> {
  const path = environment.NODE_EXTRA_CA_CERTS;
  const text = path ? ((await files.read(path).catch(() => null))?.toString("utf8") ?? "") : "";
  return isPem(text) ? [text] : [];
}

/** Throws USAGE when the file of `ca` is no certificate. */
export async function readTrust(question: TrustQuestion, world: TrustWorld): Promise<ServerTrust> {
  const given = question.ca === null ? [] : [await readCa(question.ca, world.files)];
  const folders = await Promise.all(
    trustFolders(question.registry, world).map((folder) => readFolder(folder, world)),
  );
  // Nothing is verified, nothing needs to be read.
  const [system, extra] = question.verify
    ? await Promise.all([readSystem(world), readNodeExtra(world)])
    : [null, []];
  return {
    verify: question.verify,
    system,
    authorities: [...extra, ...given, ...folders.flatMap(({ authorities }) => authorities)],
    identities: folders.flatMap(({ identities }) => identities),
  };
}

async function readCa(path: string, files: TrustFiles): Promise<string> {
  const wrong = (problem: string) => new RegctlError("USAGE", { problem });
  const content = await files.read(path).catch((error: unknown) => {
    throw wrong(`the CA cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (content === null) throw wrong(`there is no file ${path} with a CA`);
  const text = content.toString("utf8");
  if (!isPem(text)) throw wrong(`${path} holds no certificate in PEM form`);
  return text;
}

async function readFolder(
  folder: string,
  world: TrustWorld,
): Promise<Pick<ServerTrust, "authorities" | "identities">> {
  const { emit } = world;
  const warn = (warning: string): void => emit({ event: "warning", warning });
  const names: readonly string[] = await world.files.list(folder).catch((error: unknown) => {
    warn(`${folder} is not used: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  });
  const authorities: string[] = [];
  const identities: { certificate: string; key: string }[] = [];
  for (const name of names) {
    if (name.endsWith(".crt")) {
      const text = await readPem(posix.join(folder, name), world.files, warn);
      if (text !== null) authorities.push(text);
    }
    if (name.endsWith(".cert")) {
      const keyName = `${name.slice(0, -".cert".length)}.key`;
      if (!names.includes(keyName)) {
        warn(`${posix.join(folder, name)} has no ${keyName} beside it. A CA is named *.crt, not *.cert`);
        continue;
      }
      const certificate = await readPem(posix.join(folder, name), world.files, warn);
      const key = await readPem(posix.join(folder, keyName), world.files, warn);
      if (certificate !== null && key !== null) identities.push({ certificate, key });
    }
  }
  return { authorities, identities };
}

async function readPem(
  path: string,
  files: TrustFiles,
  warn: (warning: string) => void,
): Promise<string | null> {
  try {
    const text = (await files.read(path))?.toString("utf8") ?? "";
    if (isPem(text)) return text;
    warn(`${path} is not used: it is not in PEM form`);
  } catch (error) {
    warn(`${path} is not used: ${error instanceof Error ? error.message : String(error)}`);
  }
  return null;
}

function isPem(text: string): boolean {
  return /-----BEGIN [A-Z ]+-----/.test(text);
}
