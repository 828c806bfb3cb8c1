/** What the registry answers to who is logged in: asked by the client that all commands use. */
import { type Capabilities, probeCapabilities } from "../../access/capabilities.ts";
import { isRegctlError, type RegctlError } from "../../errors.ts";
import { type ClientOptions, openRegistry, type RegistryClient } from "../../registry/client.ts";
import { hubRegistry } from "../../registry/docker-hub.ts";
import type { OpenTransport } from "../../registry/http/transport.ts";
import { parseReference } from "../../registry/reference.ts";
import type { Asked, RegistryLook, UploadLook } from "../facts.ts";

export interface RegistryQuestion {
  readonly options: ClientOptions;
  /** HOST/NAME:TAG; null when no image was named. */
  readonly reference: string | null;
  /** A tiny upload may be begun, and is cancelled. */
  readonly write: boolean;
  readonly random: () => number;
  /** Bodies of which length are taken below this path; see `look-limit.ts`. */
  readonly findLimit: (path: string) => Promise<UploadLook["limit"]>;
}

const probeRepository = "regctl-probe";
/** An upload that there is not. */
const noUpload = "00000000-0000-4000-8000-000000000000";

export async function askRegistry(question: RegistryQuestion): Promise<RegistryLook> {
  const said: SaidAddress = { location: null };
  const options = { ...question.options, openTransport: listening(question.options.openTransport, said) };
  const opened = await asked(() => openRegistry(options));
  if ("error" in opened) return nothing(opened);
  const client = opened.value;
  try {
    const ping = await asked(async () => (await client.ping()).access);
    const common = { auth: client.auth(), loginFrom: client.loginFrom(), ping };
    if ("error" in ping || ping.value === "refused") return { ...nothing(ping), ...common };
    const [pull, capabilities, upload] = await Promise.all([
      asked(() => lookForImage(client, question.reference)),
      asked(() => readCapabilities(client, question.random)),
      question.write ? asked(() => beginUpload(client, question, said)) : null,
    ]);
    return {
      ...common,
      loginFrom: client.loginFrom(),
      pull,
      catalog: map(capabilities, ({ catalog }) => catalog),
      remove: map(capabilities, (able) => able.delete),
      upload,
    };
  } finally {
    await client.close();
  }
}

function nothing(ping: Asked<"open" | "refused"> | { readonly error: RegctlError }): RegistryLook {
  return { auth: "none", loginFrom: null, ping, pull: null, catalog: null, remove: null, upload: null };
}

async function asked<T>(ask: () => Promise<T>): Promise<Asked<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (isRegctlError(error) && error.code !== "INTERNAL" && error.code !== "INTERRUPTED") return { error };
    throw error;
  }
}

function map<T, U>(given: Asked<T>, change: (value: T) => U): Asked<U> {
  return "error" in given ? given : { value: change(given.value) };
}

/** Docker Hub is known, and its users are counted by requests. */
async function readCapabilities(
  client: RegistryClient,
  random: () => number,
): Promise<Pick<Capabilities, "catalog" | "delete">> {
  if (client.registry === hubRegistry) return { catalog: null, delete: null };
  return await probeCapabilities(client, random);
}

async function lookForImage(client: RegistryClient, reference: string | null): Promise<boolean | null> {
  if (reference === null) {
    await client.headManifest(probeRepository, "none");
    return null;
  }
  const { repository, digest, tag } = parseReference(reference);
  return (await client.headManifest(repository, digest ?? tag ?? "latest")) !== null;
}

/** What a registry said last of where an upload goes on. */
interface SaidAddress {
  location: string | null;
}

/** The client mends an address with the wrong scheme, and here that is what is looked for. */
function listening(openTransport: OpenTransport, said: SaidAddress): OpenTransport {
  return (options) => {
    const transport = openTransport(options);
    return {
      ...transport,
      request: async (request) => {
        const response = await transport.request(request);
        const { location } = response.headers;
        if (request.method === "POST" && response.status === 202 && location !== undefined) {
          said.location = URL.parse(location, request.url.href)?.href ?? null;
        }
        return response;
      },
    };
  };
}

async function beginUpload(
  client: RegistryClient,
  question: RegistryQuestion,
  said: SaidAddress,
): Promise<UploadLook> {
  const { reference, findLimit } = question;
  const repository = reference === null ? probeRepository : parseReference(reference).repository;
  const upload = await client.startUpload(repository);
  const { origin } = client.base;
  const { pathname, search } = new URL(upload.url);
  // Where it should have led: what is wrong with the address is judged from what was said.
  const here = { ...upload, url: new URL(`${pathname}${search}`, origin).href };
  try {
    const [limit, patched] = await Promise.all([
      findLimit(`/v2/${repository}/blobs/uploads/${noUpload}`),
      asked(() => client.patchUpload(here, Buffer.from("r"), false)),
    ]);
    return { location: said.location ?? upload.url, limit, taken: !("error" in patched) };
  } finally {
    await client.cancelUpload(here);
  }
}
