/** Authorities in the store of the operating system. Pure. */
import { RegctlError } from "../../errors.ts";
import type { TrustRequest } from "../change-request.ts";
import type { HostFacts } from "../facts.ts";
import { unchanged } from "../formats/format.ts";
import { fileOf } from "../owner.ts";
import type { FileEdit, Phase } from "../plan.ts";
import type { CertificateFacts } from "./certificate.ts";
import { findSystemStore, type SystemStore } from "./system-store.ts";

interface SystemInput {
  readonly request: TrustRequest;
  readonly facts: HostFacts;
}

/** What has to be looked at on the host beforehand. */
export function systemPathsToLookAt({ request, facts }: SystemInput): readonly string[] {
  const store = findSystemStore(facts);
  if (!request.system || store === null) return [];
  return [store.folder, ...request.authority.certificates.map((each) => pathOf(store, request, each))];
}

/** One certificate a file: some of the collecting programs take no more. */
function pathOf(store: SystemStore, { registry }: TrustRequest, { fingerprint }: CertificateFacts): string {
  const name = registry.registry.replace(/[^a-z0-9.-]/g, "_");
  return `${store.folder}/regctl-${name}-${fingerprint.slice("sha256:".length, "sha256:".length + 8)}.crt`;
}

/** security(1) of macOS; it asks for an administrator's password. Never tried here. */
const keychainLine =
  "on macOS: sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ca.pem";

/** @throws RegctlError ENGINE_CANNOT */
export function planSystemStore({ request, facts }: SystemInput): readonly Phase[] {
  const store = findSystemStore(facts);
  if (store === null) {
    throw new RegctlError("ENGINE_CANNOT", {
      host: facts.host,
      what: "--system",
      why: facts.osRelease.ID
        ? `regctl does not know where ${facts.osRelease.PRETTY_NAME ?? facts.osRelease.ID} keeps its authorities`
        : "it has no /etc/os-release, and macOS keeps its authorities in a keychain, which is no file",
      instead: [
        "leave out --system: the engine trusts the registry by the file of its own",
        ...(facts.osRelease.ID ? [] : [keychainLine]),
      ],
    });
  }
  const { registry } = request.registry;
  const isMissing = fileOf(facts, store.folder).text === null && !fileOf(facts, store.folder).unreadable;
  const edits = request.authority.certificates
    .map(
      (certificate): FileEdit => ({
        path: pathOf(store, request, certificate),
        target: pathOf(store, request, certificate),
        before: fileOf(facts, pathOf(store, request, certificate)).text,
        after: certificate.pem,
        mode: "644",
        uid: 0,
        gid: 0,
        change: { purpose: "file", format: "certificate", entry: registry, note: unchanged },
        ...(isMissing ? { folders: [store.folder] } : {}),
      }),
    )
    .filter(({ before, after }) => before !== after);
  if (edits.length === 0) return [];
  return [
    {
      why: "the operating system trusts it too; programs that run read that at their next start",
      edits,
      activation: { kind: "command", commands: [store.collect] },
      expect: { listed: {} },
    },
  ];
}
