/** Words for what goes wrong between here and a registry. */
import { sentence, type Words, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";

type RegistryClientCode =
  | "REGISTRY_UNREACHABLE"
  | "REGISTRY_PROTOCOL"
  | "REGISTRY_CERTIFICATE"
  | "NOT_A_REGISTRY"
  | "UNAUTHORIZED"
  | "DENIED"
  | "TOKEN_REALM_REFUSED"
  | "NOT_FOUND"
  | "RATE_LIMITED"
  | "REGISTRY_ERROR"
  | "CREDENTIAL_HELPER_FAILED";

/** What shows whether the place of it is right: a registry, or a file as `oci:DIR`. */
function lookAt(what: string): readonly string[] {
  // No reference begins with a slash.
  if (what.startsWith("/")) return ["ls", "-l", what];
  const [, path] = /(?:^| in )(?:oci|oci-archive|docker-archive):([^:@]+)/.exec(what) ?? [];
  return path === undefined ? ["regctl", ...listOf(what)] : ["ls", "-l", path];
}

/** A tag is looked for among those of its repository, a repository among those of its registry. */
function listOf(what: string): readonly string[] {
  const [, repository, rest] = /^([^/]+\/[^:@]+)([:@].*)?$/.exec(what) ?? [];
  if (repository === undefined) return ["ping", what.split("/")[0] ?? what];
  return [rest === undefined ? "search" : "tags", repository];
}

/** The login that was shown, as the end of a sentence. */
function shown(login: string | null): string {
  return login === null ? "no login was shown" : `the login of ${login} was shown`;
}

/** Whoever wants a certificate trusted and has a registry without one. */
function nothingToTrust(registry: string, loopback: boolean): Words {
  const port = /:\d+$/.exec(registry)?.[0] ?? ":5000";
  const listen = `${loopback ? "127.0.0.1" : "0.0.0.0"}${port}`;
  const serve = quoteLine(["regctl", "serve", "--listen", listen, "--tls", "self-signed"]);
  const message = `${registry} does not speak TLS, but most probably plain HTTP: there is no certificate to trust. Nothing was changed.`;
  return loopback
    ? {
        message: `${message} On loopback nothing is needed: engines take plain HTTP there.`,
        remedies: [quoteLine(["regctl", "doctor", registry]), `Or give it a certificate: ${serve}`],
      }
    : {
        message,
        remedies: [
          `Allow plain HTTP: ${quoteLine(["regctl", "setup", "insecure", registry])}`,
          `Or give it a certificate, on its server: ${serve}`,
        ],
      };
}

export const registryClientWords: WordsFor<RegistryClientCode> = {
  REGISTRY_UNREACHABLE: ({ registry, tried, reason, instead }) => ({
    message: `The registry ${registry} cannot be reached: ${sentence(reason)} Tried: ${tried.join(", ")}.`,
    remedies: [
      ...(instead === undefined ? [] : [`Names are in lower case: ${instead}`]),
      `Look along the whole way to it: ${quoteLine(["regctl", "doctor", registry])}`,
    ],
  }),
  REGISTRY_PROTOCOL: ({ registry, reason, noCertificate }) =>
    noCertificate === undefined
      ? {
          message: `The registry ${registry} is not known as insecure and could not be spoken to by HTTPS: ${sentence(reason)} Probably it speaks plain HTTP.`,
          remedies: [
            `For regctl: ${quoteLine(["regctl", "use", registry, "--insecure"])}`,
            `For the docker engine as well: ${quoteLine(["regctl", "setup", "insecure", registry])}`,
          ],
        }
      : nothingToTrust(registry, noCertificate === "loopback"),
  REGISTRY_CERTIFICATE: ({ registry, reason, ours }) => ({
    message: `There is no trusted connection to the registry ${registry}: ${sentence(reason)}`,
    remedies: ours
      ? [
          `Put the client's certificate and key there: /etc/docker/certs.d/${registry}/client.cert and client.key`,
        ]
      : [
          `Name the authority that signed it: ${quoteLine(["regctl", "use", registry, "--ca", "FILE"])}`,
          `Or do without verification: ${quoteLine(["regctl", "use", registry, "--insecure"])}`,
        ],
  }),
  NOT_A_REGISTRY: ({ registry, url, status }) => ({
    message: `What answers at ${registry} is no registry: ${url} gave status ${status}.`,
    remedies: ["Check the host and the port; a registry behind a proxy must be reachable at /v2/"],
  }),
  UNAUTHORIZED: ({ registry, what, reason, login, instead }) => ({
    message: `The registry ${registry} wants a login for ${what}, and ${shown(login)}: ${sentence(reason)}`,
    remedies: [instead ?? quoteLine(["regctl", "login", registry])],
  }),
  DENIED: ({ registry, what, reason, login }) => ({
    message: `The registry ${registry} does not allow that for ${what}, and ${shown(login)}: ${sentence(reason)}`,
    remedies: [
      `With another account: ${quoteLine(["regctl", "login", registry])}`,
      "Check the name; many registries say this of repositories that are not there",
    ],
  }),
  TOKEN_REALM_REFUSED: ({ registry, realm, why }) => ({
    message: `The registry ${registry} sends logins to ${realm}, and regctl does not follow: ${sentence(why)} Nothing was sent.`,
    remedies: [
      "Ask whoever runs the registry to give its token server HTTPS",
      `Or take the risk: ${quoteLine(["regctl", "use", registry, "--insecure"])}`,
    ],
  }),
  NOT_FOUND: ({ what, reason }) => ({
    message: `${what} is not there: ${sentence(reason)}`,
    remedies: [quoteLine(lookAt(what))],
  }),
  RATE_LIMITED: ({ registry, message, retryAfterSeconds }) => ({
    message: `The registry ${registry} wants fewer requests: ${sentence(message)}`,
    remedies: [
      retryAfterSeconds === null ? "Try again later" : `Try again in ${Math.ceil(retryAfterSeconds)} seconds`,
      `With a login the limit may be higher: ${quoteLine(["regctl", "login", registry])}`,
    ],
  }),
  REGISTRY_ERROR: ({ registry, request, status, message }) => ({
    message: `The registry ${registry} answered ${request} with status ${status}: ${sentence(message)}`,
    remedies: ["Look at the registry's own log", "See what was asked: --verbose"],
  }),
  CREDENTIAL_HELPER_FAILED: ({ helper, action, reason }) => ({
    message: `The credential helper ${helper} could not ${action}: ${sentence(reason)}`,
    remedies: [
      `Try it alone: ${quoteLine([helper, "list"])}`,
      'It is named by "credsStore" or "credHelpers" in the docker CLI\'s config.json',
    ],
  }),
};
