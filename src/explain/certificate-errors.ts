/** Words for certificates that setup does not have trusted. */
import { onHost, sentence, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";

type CertificateCode = "CERTIFICATE_INCURABLE" | "CERTIFICATE_MISMATCH" | "CERTIFICATE_UNUSABLE";

/** Makes a key and a certificate that engines accept, for the one name that they use. */
function reissueLine(server: string): string {
  const name = /^[\d.]+$|:/.test(server) ? `IP:${server}` : `DNS:${server}`;
  return quoteLine([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "365", "-subj", `/CN=${server}`, "-addext", `subjectAltName=${name}`],
    ...["-keyout", "registry.key", "-out", "registry.crt"],
  ]);
}

export const certificateWords: WordsFor<CertificateCode> = {
  CERTIFICATE_INCURABLE: ({ registry, host, server, problem, clock }) => ({
    message: `No authority makes the engine of ${host} accept the certificate of ${registry}: ${sentence(problem)} Nothing was changed.`,
    remedies: clock
      ? [`See its clock${onHost(host)}: date; timedatectl set-ntp true`]
      : [
          `Issue it anew with the right name: ${reissueLine(server)}`,
          "Or let regctl issue it: regctl serve --tls self-signed",
        ],
  }),
  CERTIFICATE_MISMATCH: ({ registry, given, seen }) => ({
    message: `No certificate for ${registry} has the fingerprint ${given}. Seen: ${seen.length === 0 ? "none." : sentence(seen.join("; "))} Nothing was changed.`,
    remedies: [
      "Ask whoever runs the registry for its fingerprint: openssl x509 -noout -fingerprint -sha256 -in FILE",
      "If it is right, somebody else answers in the registry's place",
    ],
  }),
  CERTIFICATE_UNUSABLE: ({ registry, certificate, problem }) => ({
    message: `The certificate ${certificate} was not installed for ${registry}: ${sentence(problem)} Nothing was changed.`,
    remedies: [
      `Name the authority's own certificate, with what stands between: ${quoteLine(["regctl", "setup", "trust", registry, "--ca", "FILE"])}`,
      `See what the registry shows: ${quoteLine(["openssl", "s_client", "-showcerts", "-connect", registry])} </dev/null`,
    ],
  }),
};
