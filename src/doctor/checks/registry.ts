/** Who answers, and whether it lets this user in. */
import { isRegctlError, type RegctlError } from "../../errors.ts";
import { quoteLine } from "../../explain/quote.ts";
import { authenticationsOf } from "../../registry/challenge.ts";
import type { Check } from "../check.ts";
import type { Facts, LoginLook, RegistryLook, ServerLook, Target } from "../facts.ts";
import { type Finding, failed, failedBy, ok, skipped, warning } from "../finding.ts";
import { prefixed } from "./engine.ts";
import { withServer } from "./network.ts";
import { whoAnswers } from "./who-answers.ts";

export const registryChecks: readonly Check[] = [
  {
    id: "api",
    needs: ["protocol", "certificate-chain", "certificate-names", "certificate-dates"],
    judge: withServer(judgeApi),
  },
  { id: "token-server", needs: ["api"], judge: withAsked(judgeTokenServer) },
  { id: "stored-login", needs: [], judge: withServer(judgeStored) },
  { id: "login", needs: ["api", "token-server", "stored-login"], judge: withAsked(judgeLogin) },
];

type Asked = Facts & {
  readonly registry: Target;
  readonly server: ServerLook;
  readonly asked: RegistryLook;
};

export function withAsked(judge: (facts: Asked) => Finding | null) {
  return withServer(({ asked, ...rest }) => (asked === null ? null : judge({ ...rest, asked })));
}

function judgeApi({
  server,
  registry,
  host,
}: Facts & { readonly registry: Target; readonly server: ServerLook }): Finding {
  const { registry: name } = registry;
  const url = `${server.scheme ?? "https"}://${name}/v2/`;
  const look = prefixed(host, quoteLine(["curl", "-v", url]));
  if (server.answer === null) {
    return failed({
      code: "REGISTRY_UNREACHABLE",
      message: `${name} takes the connection and does not answer ${url}.`,
      remedies: [look],
    });
  }
  const answerer = whoAnswers(server.answer, url);
  const who = answerer.shown;
  switch (answerer.kind) {
    case "registry":
      return ok(`A registry answers: ${who}.`);
    case "portal":
      return failed({
        code: "PORTAL",
        message: `A page for people answers at ${url} in place of a registry: ${who}. Mostly that is the login page of a network, or of something in front of the registry.`,
        remedies: [look, "Log in to the network with a browser, or name the registry's own port"],
      });
    case "gateway":
      return failed({
        code: "REGISTRY_UNREACHABLE",
        message: `What stands in front of ${name} answers, and the registry behind it does not: ${who}.`,
        remedies: [
          "On the server: start the registry, and look at the address that its proxy leads to",
          look,
        ],
      });
    case "limit":
      return failed({
        code: "RATE_LIMITED",
        message: `${name} wants fewer requests: ${who}.`,
        remedies: [quoteLine(["regctl", "login", name])],
      });
    default:
      return failed({
        code: "NOT_A_REGISTRY",
        message: `What answers at ${url} is no registry: ${who}.`,
        remedies: ["Check the host and the port; a registry behind a proxy must be reachable at /v2/", look],
      });
  }
}

function judgeTokenServer({ asked, server, registry, host }: Asked): Finding | null {
  const [authentication] = authenticationsOf(server.answer?.headers["www-authenticate"]);
  if (authentication?.kind !== "bearer") return null;
  const { realm } = authentication;
  const url = URL.parse(realm);
  const error = errorOf(asked.ping);
  if (error === null || isRegctlError(error, "UNAUTHORIZED") || isRegctlError(error, "DENIED")) {
    return ok(`Its token server ${url?.origin ?? realm} answers.`);
  }
  if (isRegctlError(error, "TOKEN_REALM_REFUSED")) return failedBy(error);
  const shown = url === null ? realm : `${url.origin}${url.pathname}`;
  if (isAbout(error, url, registry)) {
    return failed({
      code: "TOKEN_SERVER_UNREACHABLE",
      message: `${registry.registry} sends its users to the token server ${shown}, and that cannot be used: ${reasonOf(error)}.`,
      remedies: [
        prefixed(host, quoteLine(["curl", "-v", shown])),
        "Whoever runs the registry: the realm must be an address that its clients reach",
      ],
    });
  }
  return failedBy(error);
}

function errorOf(ping: RegistryLook["ping"]): RegctlError | null {
  return "error" in ping ? ping.error : null;
}

/** The registry had answered before, so what cannot be reached, or errs, is its token server. */
function isAbout(error: RegctlError, realm: URL | null, { registry }: Target): boolean {
  const codes = ["REGISTRY_UNREACHABLE", "REGISTRY_CERTIFICATE", "REGISTRY_PROTOCOL", "REGISTRY_ERROR"];
  if (!codes.includes(error.code) || !("registry" in error.facts)) return false;
  return error.facts.registry === realm?.host || error.facts.registry !== registry;
}

function reasonOf({ facts }: RegctlError): string {
  if ("reason" in facts) return facts.reason;
  return "message" in facts ? facts.message : "it fails";
}

function judgeStored({ login, asked, registry }: Facts & { readonly registry: Target }): Finding | null {
  if (login === null) return null;
  if (login.unreadable !== null) {
    return warning({
      code: "LOGINS_UNREADABLE",
      message: `${login.unreadable} is not valid JSON: no login in it is used.`,
      remedies: [quoteLine(["python3", "-m", "json.tool", login.unreadable])],
    });
  }
  if (login.from !== null) return ok(`A login for ${registry.registry} is stored in ${login.from}.`);
  if (login.helper !== null) return judgeHelper(login.helper, asked);
  return skipped(`No login for ${registry.registry} is stored.`);
}

/** A helper that cannot be asked matters where a login is wanted. */
function judgeHelper(
  { program, reason }: NonNullable<LoginLook["helper"]>,
  asked: RegistryLook | null,
): Finding {
  const trouble = {
    code: "CREDENTIAL_HELPER_FAILED" as const,
    message: `The credential helper ${program}, which Docker's config.json names, could not be asked: ${reason}.`,
    remedies: [
      `command -v ${program}`,
      'Install it, or take "credsStore" and "credHelpers" out of ~/.docker/config.json and log in again',
    ],
  };
  return asked !== null && !isOpen(asked) ? failed(trouble) : warning(trouble);
}

function isOpen({ ping }: RegistryLook): boolean {
  return "value" in ping && ping.value === "open";
}

function judgeLogin({ asked, login, registry }: Asked): Finding {
  const { registry: name } = registry;
  const { ping, auth } = asked;
  const error = errorOf(ping);
  if (error === null && isOpen(asked)) {
    if (auth === "none") return ok("It asks nobody for a login.");
    return asked.loginFrom === null
      ? ok("It lets everybody in, without a login.")
      : ok(`It takes the login of ${asked.loginFrom}.`);
  }
  if (error !== null && !isRegctlError(error, "UNAUTHORIZED")) return failedBy(error);
  const remedies = [quoteLine(["regctl", "login", name])];
  const cure = { kind: "login", registry: name } as const;
  const from = login?.from ?? asked.loginFrom;
  if (from !== null) {
    const reason = error === null ? "" : ` It says: ${error.facts.reason}.`;
    const message = `${name} does not take the login that is stored in ${from}.${reason}`;
    return failed({ code: "UNAUTHORIZED", message, remedies, cure });
  }
  const [other] = login?.elsewhere ?? [];
  if (other !== undefined) {
    return failed({
      code: "LOGIN_ELSEWHERE",
      message: `${name} wants a login, and one is stored for ${other} alone. Logins count for exactly the name they were made for.`,
      remedies,
      cure,
    });
  }
  return failed({
    code: "UNAUTHORIZED",
    message: `${name} wants a login, and none is stored.`,
    remedies,
    cure,
  });
}
