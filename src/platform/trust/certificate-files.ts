/**
 * Certificates as files of an engine that reads a folder for each registry. Pure. Of `*.crt` every one is an authority,
 * of `NAME.cert` and `NAME.key` every pair an identity, read with each request.
 * @see https://docs.docker.com/engine/security/certificates/
 */
import { RegctlError } from "../../errors.ts";
import type { TrustRequest } from "../change-request.ts";
import type { HostFacts, HostFile } from "../facts.ts";
import { unchanged } from "../formats/format.ts";
import type { JournalEntry } from "../journal.ts";
import { fileOf } from "../owner.ts";
import type { FileEdit, Phase } from "../plan.ts";
import { parseCertificates } from "./certificate.ts";

export interface CertificateFilesInput {
  readonly request: TrustRequest;
  readonly facts: HostFacts;
  /** Holds a folder for each registry. */
  readonly certsFolder: string;
  readonly standing: readonly JournalEntry[];
}

export interface CertificateFiles {
  /** Where the authority stands or will stand. */
  readonly path: string;
  readonly writesAuthority: boolean;
  readonly phases: readonly Phase[];
  readonly notes: readonly string[];
}

/** What has to be looked at on the host beforehand. */
export function pathsToLookAt(certsFolder: string, registry: string): readonly string[] {
  const folder = `${certsFolder}/${registry}`;
  return [
    ...foldersOf(certsFolder, registry),
    `${folder}/`,
    ...["ca.crt", "client.cert", "client.key", "regctl.cert", "regctl.key"].map(
      (name) => `${folder}/${name}`,
    ),
  ];
}

/** Innermost first. */
function foldersOf(certsFolder: string, registry: string): readonly string[] {
  return [`${certsFolder}/${registry}`, certsFolder, certsFolder.slice(0, certsFolder.lastIndexOf("/"))];
}

/** @throws RegctlError NO_RIGHTS, CONFIG_CONFLICT */
export function planCertificateFiles(input: CertificateFilesInput): CertificateFiles {
  const authority = planAuthority(input);
  const client = planClient(input);
  const edits = [...client.edits, ...(authority.edit ? [authority.edit] : [])];
  const phase: Phase = {
    why: "the certificates that the engine is to trust and show",
    edits,
    activation: { kind: "none" },
    expect: { listed: {} },
  };
  return {
    path: authority.path,
    writesAuthority: authority.edit !== null,
    phases: edits.length === 0 ? [] : [phase],
    notes: [...authority.notes, ...client.notes],
  };
}

function folderOf({ certsFolder, request }: CertificateFilesInput): string {
  return `${certsFolder}/${request.registry.registry}`;
}

function planAuthority(input: CertificateFilesInput) {
  const { facts, request } = input;
  const folder = folderOf(input);
  const wanted = request.authority.certificates;
  const inFolder = Object.values(facts.files).filter(
    ({ path, text }) => path.startsWith(`${folder}/`) && path.endsWith(".crt") && text !== null,
  );
  const holder = inFolder.find(({ text }) => {
    const known = parseCertificates(Buffer.from(text ?? "")).map(({ fingerprint }) => fingerprint);
    return wanted.every(({ fingerprint }) => known.includes(fingerprint));
  });
  if (holder) return { path: holder.path, edit: null, notes: [] };
  const usual = `${folder}/ca.crt`;
  const short = wanted[0]?.fingerprint.slice("sha256:".length, "sha256:".length + 8) ?? "";
  const free = isFree(input, usual);
  const path = free ? usual : `${folder}/regctl-${short}.crt`;
  const notes = free ? [] : [`${usual} is somebody else's and stays: the engine reads both files`];
  const text = wanted.map(({ pem }) => pem).join("");
  return { path, edit: editOfFile(input, path, text, "644"), notes };
}

function planClient(input: CertificateFilesInput): {
  readonly edits: readonly FileEdit[];
  readonly notes: readonly string[];
} {
  const { facts, request } = input;
  const { client } = request;
  if (client === null) return { edits: [], notes: [] };
  const folder = folderOf(input);
  const files = (name: string) => [`${folder}/${name}.cert`, `${folder}/${name}.key`] as const;
  const isThere = (name: string) => {
    const [certificate, key] = files(name);
    return fileOf(facts, certificate).text === client.certificate && fileOf(facts, key).text === client.key;
  };
  if (isThere("client") || isThere("regctl")) return { edits: [], notes: [] };
  const free = files("client").every((path) => isFree(input, path));
  const [certificate, key] = files(free ? "client" : "regctl");
  const notes = free ? [] : [`${folder}/client.cert and its key are somebody else's and stay`];
  // The key first: a certificate without its key is an error to the engine.
  const edits = [
    { ...editOfFile(input, key, client.key, "600"), secret: true as const },
    editOfFile(input, certificate, client.certificate, "644"),
  ];
  return { edits: edits.filter(({ before, after }) => before !== after), notes };
}

/** Nothing is there, or what setup itself once put there. */
function isFree({ facts, standing }: CertificateFilesInput, path: string): boolean {
  const file = fileOf(facts, path);
  refuseUnreadable(facts, file);
  return (
    file.text === null ||
    standing
      .flatMap(({ edits }) => edits)
      .some((edit) => edit.path === path && edit.change?.purpose === "file" && edit.afterSha === file.sha256)
  );
}

function refuseUnreadable(facts: HostFacts, { path, unreadable }: HostFile): void {
  if (!unreadable) return;
  const { host, user } = facts;
  throw new RegctlError("NO_RIGHTS", { host, user, reason: `${path} cannot be read`, paste: [] });
}

function editOfFile(input: CertificateFilesInput, path: string, after: string, mode: string): FileEdit {
  const { facts, request, certsFolder } = input;
  const { registry } = request.registry;
  if (!isFree(input, path)) {
    const problem = `${path} is not what regctl put there`;
    throw new RegctlError("CONFIG_CONFLICT", { host: facts.host, path, problem, remedy: `sudo rm ${path}` });
  }
  const file = fileOf(facts, path);
  const made = foldersOf(certsFolder, registry).filter((folder) => {
    const { text, unreadable } = fileOf(facts, folder);
    return text === null && !unreadable;
  });
  return {
    path,
    target: path,
    before: file.text,
    after,
    mode: file.text === null ? mode : file.mode,
    uid: file.text === null ? 0 : file.uid,
    gid: file.text === null ? 0 : file.gid,
    change: { purpose: "file", format: "certificate", entry: registry, note: unchanged },
    ...(made.length > 0 ? { folders: made } : {}),
  };
}
