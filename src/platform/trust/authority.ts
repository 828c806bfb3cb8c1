/** Which certificate an engine is to trust for a registry, and who vouches for it. Pure. */
import { RegctlError } from "../../errors.ts";
import type { Consent } from "../plan.ts";
import type { CertificateFacts } from "./certificate.ts";
import { describeCertificate } from "./certificate.ts";
import { whyNotTrusted } from "./judge-chain.ts";
import { findFlaw } from "./judge-leaf.ts";

/** What is going to be trusted. */
export interface ChosenAuthority {
  /** One at least; each stands in the file that engines read. */
  readonly certificates: readonly CertificateFacts[];
  /** The person's own file, the local server's own authority, or what the server showed. */
  readonly from: "file" | "serve" | "server";
  /** One of them is what the server shows of itself: it vouches for that server alone. */
  readonly isLeaf: boolean;
  /** Null where nobody has to be asked. */
  readonly consent: Consent | null;
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

/** PEM texts. */
export interface ClientIdentity {
  readonly certificate: string;
  readonly key: string;
}

export interface AuthorityQuestion {
  readonly registry: string;
  /** Whose engine will ask, for errors. */
  readonly on: string;
  /** Without port and brackets. */
  readonly host: string;
  /** What the server showed, its own certificate first; null when it was not reached. */
  readonly shown: readonly CertificateFacts[] | null;
  /** Of `--ca`. */
  readonly file: { readonly path: string; readonly certificates: readonly CertificateFacts[] } | null;
  /** Of `regctl serve` on this machine. */
  readonly serve: CertificateFacts | null;
  /** Of `--fingerprint`, normalised. */
  readonly fingerprint: string | null;
  /** Also for the operating system. */
  readonly system: boolean;
  readonly hostNow: number;
  readonly ourNow: number;
}

/** @throws RegctlError CERTIFICATE_INCURABLE, CERTIFICATE_MISMATCH, CERTIFICATE_UNUSABLE */
export function chooseAuthority(question: AuthorityQuestion): ChosenAuthority {
  const { registry, on, shown, fingerprint } = question;
  const [leaf, ...sent] = shown ?? [];
  if (leaf) refuseFlaw(question, leaf);
  const picked = pick(question);
  const unusable = (problem: string) =>
    new RegctlError("CERTIFICATE_UNUSABLE", { registry, host: on, certificate: picked.what, problem });
  const why = leaf ? whyNotTrusted(leaf, sent, picked.certificates, question.hostNow) : null;
  if (why !== null) throw unusable(`the registry's certificate does not lead to it: ${why}`);
  const isLeaf = picked.certificates.some((each) => each.fingerprint === leaf?.fingerprint);
  if (question.system && (isLeaf || picked.certificates.some((each) => !each.isAuthority))) {
    throw unusable(
      "it belongs to one server, and the operating system would trust whatever its key signs: name the authority with --ca, or leave out --system",
    );
  }
  const asks = picked.from === "server" && fingerprint === null;
  return {
    certificates: picked.certificates,
    from: picked.from,
    isLeaf,
    consent: asks ? consentOf(question, picked.certificates) : null,
    notes: isLeaf
      ? ["this is the server's own certificate: once the server has another one, it has to be trusted anew"]
      : [],
  };
}

interface Picked {
  readonly from: ChosenAuthority["from"];
  readonly certificates: readonly CertificateFacts[];
  /** For errors. */
  readonly what: string;
}

function pick(question: AuthorityQuestion): Picked {
  const { file, serve, shown, fingerprint } = question;
  if (file !== null) {
    const certificates = narrowed(question, file.certificates);
    return { from: "file", certificates, what: file.path };
  }
  const known = shown ?? [];
  const named = fingerprint === null ? null : narrowed(question, known);
  if (named !== null) return { from: "server", certificates: named, what: named[0]?.subject ?? "" };
  const own = known.find((each) => each.fingerprint === serve?.fingerprint);
  if (own !== undefined) return { from: "serve", certificates: [own], what: own.subject };
  // The highest authority that the server shows, for a server's own certificate does not live long.
  const chosen = known.findLast(({ isAuthority }) => isAuthority) ?? known[0];
  return { from: "server", certificates: chosen ? [chosen] : [], what: chosen?.subject ?? "" };
}

/** What a fingerprint names, or everything where there is none. */
function narrowed(
  { registry, on, fingerprint }: AuthorityQuestion,
  certificates: readonly CertificateFacts[],
): readonly CertificateFacts[] {
  if (fingerprint === null) return certificates;
  const named = certificates.filter((each) => each.fingerprint === fingerprint);
  if (named.length > 0) return named;
  const seen = certificates.map((each) => `${each.fingerprint} (${each.subject})`);
  throw new RegctlError("CERTIFICATE_MISMATCH", { registry, host: on, given: fingerprint, seen });
}

function refuseFlaw(question: AuthorityQuestion, leaf: CertificateFacts): void {
  const flaw = findFlaw({ ...question, leaf });
  if (flaw === null) return;
  const { registry, host } = question;
  throw new RegctlError("CERTIFICATE_INCURABLE", {
    registry,
    host: question.on,
    server: host,
    problem: flaw.problem,
    clock: flaw.id === "clock",
  });
}

function consentOf({ registry }: AuthorityQuestion, chosen: readonly CertificateFacts[]): Consent {
  const [certificate] = chosen;
  const fingerprint = certificate?.fingerprint ?? "";
  return {
    id: "certificate",
    question: `Trust this certificate for ${registry}? Compare its SHA-256 with what the registry's owner says: ${fingerprint}`,
    details: certificate ? describeCertificate(certificate) : [],
    flag: `--fingerprint ${fingerprint}`,
  };
}
