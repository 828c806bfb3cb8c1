/** What Go, OpenSSL and Node say of certificates. */
import type { MessageRow, Place } from "./row.ts";

const reissue = ({ host }: Place, kind: "DNS" | "IP"): string =>
  `Issue it again with that name: openssl req -x509 -newkey rsa:3072 -nodes -days 365 -keyout key.pem -out cert.pem -subj /CN=${host} -addext subjectAltName=${kind}:${host}`;

export const tlsRows: readonly MessageRow[] = [
  {
    id: "common-name-only",
    says: "x509: certificate relies on legacy Common Name field, use SANs instead",
    match: /certificate relies on legacy Common Name field/,
    means: (at) => ({
      code: "CERTIFICATE_WITHOUT_NAMES",
      message: `The certificate of ${at.named} has its name only as Common Name, which is no longer read. Trusting its authority does not help.`,
      remedies: [reissue(at, "DNS"), `regctl doctor ${at.registry}`],
    }),
  },
  {
    id: "no-names",
    says: "x509: certificate is not valid for any names, but wanted to match HOST",
    match: /certificate is not valid for any names/,
    means: (at) => ({
      code: "CERTIFICATE_NAME",
      message: `The certificate of ${at.named} names no host, only addresses.`,
      remedies: [reissue(at, "DNS"), "Or use the address that it names"],
    }),
  },
  {
    id: "no-ip-names",
    says: "x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs",
    match:
      /cannot validate certificate for (?<address>[0-9A-Fa-f.:]{2,45}) because it doesn't contain any IP SANs/,
    means: (at) => ({
      code: "CERTIFICATE_WITHOUT_ADDRESS",
      message: `The registry was asked by its address ${at.part("address", "")}, and its certificate names only hosts.`,
      remedies: ["Use the name that the certificate has", reissue(at, "IP")],
    }),
  },
  {
    id: "wrong-name",
    says: "x509: certificate is valid for other.example, not HOST",
    match:
      /certificate is valid for (?<names>[^\n]{1,300}?), not (?<asked>[^\s"\\]{1,253})|does not match certificate's altnames|no alternative certificate subject name matches|certificate subject name '(?<subject>[^'\n]{1,253})' does not match/,
    means: (at) => ({
      code: "CERTIFICATE_NAME",
      message: `The certificate of ${at.named} is for ${at.part("names", at.part("subject", "another name"))}, not for ${at.part("asked", "the name that was asked")}.`,
      remedies: ["Use a name that the certificate has", reissue(at, "DNS")],
    }),
  },
  {
    id: "expired",
    says: "x509: certificate has expired or is not yet valid: current time … is after …",
    match:
      /certificate has expired or is not yet valid(?:: current time \S{1,40} is (?<side>after|before) (?<date>\S{1,40}))?|certificate has expired|CERT_HAS_EXPIRED|(?<soon>certificate is not yet valid)/,
    means: ({ registry, named, part }) => {
      const date = part("date", "");
      const early = part("side", "") === "before" || part("soon", "") !== "";
      return {
        code: early ? "CERTIFICATE_NOT_YET_VALID" : "CERTIFICATE_EXPIRED",
        message:
          date === ""
            ? `The certificate of ${named} is out of its time, or the clock of this host is wrong.`
            : `The certificate of ${named} ${early ? "begins" : "ended"} ${date}, by the clock of this host; the clock may be wrong.`,
        remedies: [
          `regctl doctor ${registry}`,
          "See the clock: date -u; timedatectl",
          early ? "Wait for its time, or issue it again" : "Renew the certificate",
        ],
      };
    },
  },
  {
    id: "client-half",
    says: "missing key client.key for client certificate client.cert",
    match:
      /missing key (?<key>\S{1,100}) for client certificate (?<cert>\S{1,100})|Missing client certificate (?<cert2>\S{1,100}) for key (?<key2>\S{1,100})|failed to load X509 key pair|found a certificate rather than a key in the PEM/i,
    means: ({ registry }) => ({
      code: "CLIENT_CERTIFICATE",
      message: "An authority was stored with the ending .cert, or half of a client certificate is missing.",
      remedies: [
        `sudo ls -l /etc/docker/certs.d/${registry}`,
        "An authority ends in .crt; a client has NAME.cert and NAME.key, both in PEM",
      ],
    }),
  },
  {
    id: "client-wanted",
    says: "remote error: tls: certificate required",
    match:
      /remote error: tls: (?:certificate required|bad certificate|unknown certificate authority|unknown certificate)|No required SSL certificate was sent/,
    means: ({ registry, Named }) => ({
      code: "CLIENT_CERTIFICATE",
      message: `${Named} wants a certificate from who asks, and got none that it accepts.`,
      remedies: [
        `Put the client's certificate and key there: /etc/docker/certs.d/${registry}/client.cert and client.key`,
        "They are not sent to a registry that is listed as insecure",
      ],
    }),
  },
  {
    id: "unknown-authority",
    says: "x509: certificate signed by unknown authority",
    match:
      /certificate signed by unknown authority|x509: "?[^\n"]{1,120}"? certificate is not trusted|self[- ]signed certificate|unable to (?:get local issuer certificate|verify the first certificate)|SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER/,
    means: ({ registry, named, speaker }) => ({
      code: "CERTIFICATE_UNKNOWN_AUTHORITY",
      message: `The certificate of ${named} is signed by nobody whom ${speaker.label} trusts.`,
      remedies: speaker.trust(registry),
    }),
  },
  {
    id: "authority-unfit",
    says: "x509: parent certificate cannot sign this kind of certificate",
    match:
      /x509: (?:invalid signature: )?parent certificate cannot sign|certificate is not authorized to sign other certificates|certificate specifies an incompatible key usage|x509: (?:negative serial number|malformed certificate|failed to parse)|certificate is not standards compliant/,
    means: ({ registry, named }) => ({
      code: "CERTIFICATE_PURPOSE",
      message: `The certificate of ${named}, or the authority that signed it, is not made for this use.`,
      remedies: [
        `regctl doctor ${registry}`,
        "An authority needs basicConstraints CA:TRUE and keyUsage keyCertSign; a server extendedKeyUsage serverAuth",
      ],
    }),
  },
  {
    id: "tls-refused",
    says: "remote error: tls: handshake failure",
    match:
      /remote error: tls: (?:handshake failure|protocol version not supported|unrecognized name|internal error)|tls: (?:server selected unsupported protocol version|no supported versions|no cipher suite supported)|SSL routines[^\n]{0,80}(?:unsupported protocol|handshake failure|no shared cipher)/,
    means: ({ registry, host, Named }) => ({
      code: "TLS_REFUSED",
      message: `${Named} and this client agree on no TLS version, cipher or name.`,
      remedies: [
        `regctl doctor ${registry}`,
        `openssl s_client -connect ${registry.includes(":") ? registry : `${registry}:443`} -servername ${host}`,
      ],
    }),
  },
];
