/** Certificates that will not do, and servers that make trouble of good ones. */
import { createSecureContext, type SecureContext } from "node:tls";
import { type Answer, startTinyRegistry } from "../support/tiny-registry.ts";
import type { IssueOptions } from "../support/tls-authority.ts";
import type { Fault } from "./fault.ts";

/** A TLS registry with this certificate, whose authority is named to doctor. */
function certificate(issue: IssueOptions): Fault["plant"] {
  return async ({ authority, use }) => {
    const { cert, key } = await authority.issue(issue);
    const { host } = use(await startTinyRegistry({ tls: { cert, key } }));
    return { given: host, options: { ca: authority.caPath } };
  };
}

export const certificateFaults: readonly Fault[] = [
  {
    name: "certificate with a common name alone",
    check: "certificate-names",
    code: "CERTIFICATE_WITHOUT_NAMES",
    plant: certificate({ names: [] }),
  },
  {
    name: "certificate for another name",
    check: "certificate-names",
    code: "CERTIFICATE_NAME",
    plant: certificate({ names: ["DNS:other.test", "IP:127.0.0.9"] }),
  },
  {
    name: "certificate without the address",
    check: "certificate-names",
    code: "CERTIFICATE_WITHOUT_ADDRESS",
    plant: certificate({ names: ["DNS:registry.test"] }),
  },
  {
    name: "certificate for clients alone",
    check: "certificate-names",
    code: "CERTIFICATE_PURPOSE",
    plant: certificate({ client: true }),
  },
  {
    name: "certificate that has expired",
    check: "certificate-dates",
    code: "CERTIFICATE_EXPIRED",
    plant: certificate({ expired: true }),
  },
  {
    name: "certificate that is not valid yet",
    check: "certificate-dates",
    code: "CERTIFICATE_NOT_YET_VALID",
    plant: certificate({ inDays: 30 }),
  },
  {
    name: "clock that is behind",
    check: "clock",
    code: "CLOCK_WRONG",
    plant: async ({ authority, use }) => {
      const { cert, key } = await authority.issue({ inDays: 30 });
      const answer: Answer = (_, response) => {
        response.setHeader("date", new Date(Date.now() + 35 * 86_400_000).toUTCString());
        return false;
      };
      const { host } = use(await startTinyRegistry({ tls: { cert, key }, answer }));
      return { given: host, options: { ca: authority.caPath } };
    },
  },
  {
    name: "certificate of an authority that nobody knows",
    check: "certificate-chain",
    code: "CERTIFICATE_UNKNOWN_AUTHORITY",
    plant: async ({ authority, use }) => {
      const { host } = use(await startTinyRegistry({ tls: await authority.issue() }));
      return { given: host, options: { insecure: false } };
    },
  },
  {
    name: "chain without its intermediate",
    check: "certificate-chain",
    code: "CERTIFICATE_INTERMEDIATE_MISSING",
    plant: certificate({ byIntermediate: true }),
  },
  {
    name: "server that wants to be told its name",
    check: "protocol",
    code: "TLS_NAME_WANTED",
    plant: async ({ authority, use }) => {
      const { cert, key } = await authority.issue();
      const context = createSecureContext({ cert, key });
      // Without a default certificate the handshake fails for who sends no name.
      const SNICallback = (name: string, done: (error: Error | null, found?: SecureContext) => void) =>
        name === "registry.test" ? done(null, context) : done(new Error("no such name"));
      const { host } = use(await startTinyRegistry({ tls: { SNICallback } }));
      return { given: host, options: { ca: authority.caPath } };
    },
  },
  {
    name: "server that wants a client's certificate",
    check: "protocol",
    code: "CLIENT_CERTIFICATE",
    plant: async ({ authority, use }) => {
      const { cert, key } = await authority.issue();
      const tls = { cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
      const { host } = use(await startTinyRegistry({ tls }));
      return { given: host, options: { ca: authority.caPath } };
    },
  },
  {
    name: "TLS registry that is listed as insecure",
    check: "insecure",
    code: "INSECURE_WITHOUT_NEED",
    status: "warning",
    plant: async ({ authority, use }) => {
      const tls = await authority.issue({ names: ["DNS:registry.test"] });
      const given = `registry.test:${use(await startTinyRegistry({ tls })).port}`;
      const IndexConfigs = { [given]: { Name: given, Mirrors: [], Secure: false, Official: false } };
      return {
        given,
        world: { info: { RegistryConfig: { InsecureRegistryCIDRs: ["127.0.0.0/8"], IndexConfigs } } },
        prepare: (world) => world.write(`.config/docker/certs.d/${given}/ca.crt`, authority.ca),
      };
    },
  },
];
