/** The certificate that a registry shows: who signed it, for which names, for how long. Pure. */
import { X509Certificate } from "node:crypto";
import { quoteLine } from "../../explain/quote.ts";
import { parseIp } from "../../ip-network.ts";
import { parseCertificate } from "../../platform/trust/certificate.ts";
import { type Flaw, findFlaw } from "../../platform/trust/judge-leaf.ts";
import type { Check } from "../check.ts";
import type { DoctorCode } from "../codes.ts";
import type { AuthorityLook, Facts, Target } from "../facts.ts";
import { type Finding, failed, ok, skipped, warning } from "../finding.ts";
import { on, onFlag } from "./engine.ts";
import { withServer } from "./network.ts";

interface Shown {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  /** OpenSSL's word. */
  readonly problem: string | null;
  readonly facts: Facts & { readonly registry: Target };
  /** Milliseconds since 1970: by the engine's host, and by the registry where it says so. */
  readonly here: number;
  readonly there: number | null;
}

export const certificateChecks: readonly Check[] = [
  { id: "certificate-names", needs: ["protocol"], judge: whereVerified(judgeNames) },
  { id: "clock", needs: ["protocol"], judge: judgeClock },
  { id: "certificate-dates", needs: ["protocol", "clock"], judge: whereVerified(judgeDates) },
  {
    id: "certificate-chain",
    needs: ["certificate-names", "certificate-dates"],
    judge: whereVerified(judgeChain),
  },
];

function whereVerified(judge: (shown: Shown) => Finding) {
  return withServer(({ server, ...rest }) => {
    if (server.tls?.kind !== "tls") return null;
    if (rest.insecure.allowed) return skipped("It is not looked at: the registry may be insecure.");
    const shown = shownBy({ ...rest, server });
    return shown === null ? null : judge(shown);
  });
}

function shownBy(facts: Facts & { readonly registry: Target }): Shown | null {
  const { server } = facts;
  if (server?.tls?.kind !== "tls") return null;
  const chain = server.tls.chain.map((pem) => new X509Certificate(pem));
  const [leaf] = chain;
  if (leaf === undefined) return null;
  const told = Date.parse(server.answer?.headers.date ?? "");
  return {
    leaf,
    chain,
    problem: server.tls.problem,
    facts,
    here: server.answeredAt,
    there: Number.isNaN(told) ? null : told,
  };
}

const flawCodes: Readonly<Partial<Record<Flaw["id"], DoctorCode>>> = {
  "common-name": "CERTIFICATE_WITHOUT_NAMES",
  name: "CERTIFICATE_NAME",
  address: "CERTIFICATE_WITHOUT_ADDRESS",
  purpose: "CERTIFICATE_PURPOSE",
};

/** What no authority cures, whatever day it is. */
function judgeNames({ leaf, facts: { registry } }: Shown): Finding {
  const { host, registry: name } = registry;
  const certificate = { ...parseCertificate(leaf.raw), notBefore: 0, notAfter: Number.POSITIVE_INFINITY };
  const flaw = findFlaw({ leaf: certificate, host, hostNow: 0, ourNow: 0 });
  if (flaw === null) return ok(`Its certificate is for ${host}.`);
  const usable = certificate.names.find((each) => each.startsWith("DNS:") && !each.includes("*"));
  const port = /:\d+$/.exec(name)?.[0] ?? "";
  const kind = parseIp(host) === null ? "DNS" : "IP";
  return failed({
    code: flawCodes[flaw.id] ?? "REGISTRY_CERTIFICATE",
    message: `The certificate of ${name} will not do, whoever signed it: ${flaw.problem}.`,
    remedies: [
      `Issue it again, on the server: printf 'subjectAltName=${kind}:${host}\\nextendedKeyUsage=serverAuth\\n' > names.ext && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile names.ext -out server.pem`,
      ...(usable === undefined
        ? []
        : [`Or use its name: regctl doctor ${usable.slice("DNS:".length)}${port}`]),
    ],
  });
}

const mostSkewMs = 5 * 60_000;

/** A registry says what time it is with every answer. */
function judgeClock(facts: Facts): Finding | null {
  const { server, registry, host } = facts;
  const told = Date.parse(server?.answer?.headers.date ?? "");
  if (registry === null || server === null || Number.isNaN(told)) return null;
  const skew = told - server.answeredAt;
  if (Math.abs(skew) <= mostSkewMs) return ok("The clocks of both sides agree.");
  const shown = facts.insecure.allowed ? null : shownBy({ ...facts, registry });
  const amount = words(Math.abs(skew));
  const message = `The clock${on(host) || " of this machine"} is ${amount} ${skew > 0 ? "behind" : "ahead of"} that of ${registry.registry}`;
  const remedies = ["Compare both with a third: date -u", "sudo timedatectl set-ntp true"];
  const decides =
    shown !== null && !isValidAt(shown.leaf, shown.here) && isValidAt(shown.leaf, shown.there ?? shown.here);
  if (decides) {
    return failed({
      code: "CLOCK_WRONG",
      message: `${message}: by that one its certificate is valid, by this one it is not.`,
      remedies,
    });
  }
  return warning({
    code: "CLOCK_WRONG",
    message: `${message}; certificates and tokens depend on it.`,
    remedies,
  });
}

function words(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2 * 24 * 60
    ? `${Math.round(minutes / 60)} hours`
    : `${Math.round(minutes / (24 * 60))} days`;
}

function isValidAt({ validFrom, validTo }: X509Certificate, at: number): boolean {
  return Date.parse(validFrom) <= at && at <= Date.parse(validTo);
}

function judgeDates({ chain, facts: { registry, host }, here }: Shown): Finding {
  const bad = chain.find((certificate) => !isValidAt(certificate, here));
  if (bad === undefined) return ok(`Its certificate is valid until ${dayOf(chain[0]?.validTo ?? "")}.`);
  const which =
    bad === chain[0] ? "The certificate" : `The certificate of the authority ${oneLine(bad.subject)}`;
  if (Date.parse(bad.validFrom) > here) {
    return failed({
      code: "CERTIFICATE_NOT_YET_VALID",
      message: `${which} of ${registry.registry} is valid from ${dayOf(bad.validFrom)} on, and it is not that day yet${on(host)}.`,
      remedies: ["Compare with the clock: date -u", "Issue it again, valid from today on"],
    });
  }
  return failed({
    code: "CERTIFICATE_EXPIRED",
    message: `${which} of ${registry.registry} has expired on ${dayOf(bad.validTo)}.`,
    remedies: ["Renew it on the server, and start the registry again", "Compare with the clock: date -u"],
  });
}

function dayOf(date: string): string {
  const time = Date.parse(date);
  return Number.isNaN(time) ? date : new Date(time).toISOString().slice(0, 10);
}

const unknown = /SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY_LEAF/;

function judgeChain({ leaf, chain, problem, facts }: Shown): Finding {
  const { registry, host, authorities, insecure } = facts;
  if (problem === null) return ok(`Its certificate is signed by an authority that is trusted${on(host)}.`);
  const { registry: name } = registry;
  const last = chain.at(-1) ?? leaf;
  const signer = oneLine(last.issuer);
  if (!unknown.test(problem)) {
    return failed({
      code: "REGISTRY_CERTIFICATE",
      message: `The certificate of ${name} is not accepted: ${problem}.`,
      remedies: [`openssl s_client -connect ${name} -showcerts </dev/null`],
    });
  }
  if (isIntermediateMissing(last, authorities)) {
    return failed({
      code: "CERTIFICATE_INTERMEDIATE_MISSING",
      message: `${name} shows its certificate without that of ${signer}, which signed it, and which is no authority that this host knows: an intermediate certificate is missing.`,
      remedies: [
        "On the server, put both into the file that it is given: cat server.pem intermediate.pem > chain.pem",
        `See what it shows: openssl s_client -connect ${name} -showcerts </dev/null`,
      ],
    });
  }
  const own = last.issuer === last.subject && chain.length === 1;
  const trust = `regctl setup trust ${name}${onFlag(host)}`;
  const served = authorities?.served?.subject === last.issuer ? authorities.served.path : null;
  return failed({
    code: "CERTIFICATE_UNKNOWN_AUTHORITY",
    message: own
      ? `The certificate of ${name} is signed by itself, and nobody has said that it is to be trusted${on(host)}.${warned(authorities)}`
      : `The certificate of ${name} is signed by ${signer}, which is not trusted${on(host)}.${warned(authorities)}`,
    remedies: insecure.engine ? [trust] : [quoteLine(["regctl", "use", name, "--ca", served ?? "FILE"])],
    ...(insecure.engine ? { cure: { kind: "setup-trust", registry: name } } : {}),
  });
}

/**
 * Who has put authorities there for this registry expects to be led to one of them; and one that says where its issuer
 * can be fetched is signed by an intermediate.
 */
function isIntermediateMissing(last: X509Certificate, authorities: AuthorityLook | null): boolean {
  if (last.issuer === last.subject) return false;
  if (/CA Issuers/.test(last.infoAccess ?? "")) return true;
  const own = authorities?.own ?? [];
  return own.length > 0 && !own.includes(last.issuer);
}

/** Files in the right place that cannot be used. */
function warned(authorities: AuthorityLook | null): string {
  const [first] = authorities?.warnings ?? [];
  return first === undefined ? "" : ` ${first}.`;
}

/** `O=Example\nCN=Test` as `O=Example, CN=Test`. */
function oneLine(name: string): string {
  return name.split("\n").join(", ");
}
