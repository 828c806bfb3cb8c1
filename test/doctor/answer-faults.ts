/** Servers that answer, and not as a registry does that lets this user in. */
import { findClosedPort } from "../support/doctor-world.ts";
import { type Answer, refuseAsRegistry, startTinyRegistry } from "../support/tiny-registry.ts";
import { answering, type Fault } from "./fault.ts";

export const answerFaults: readonly Fault[] = [
  {
    name: "portal that answers with a page",
    check: "api",
    code: "PORTAL",
    plant: answering(page(200, "Welcome to the hotel")),
  },
  {
    name: "portal that leads to its login",
    check: "api",
    code: "PORTAL",
    plant: answering((_, response) => {
      response.writeHead(302, { location: "https://login.example/?next=1" }).end();
      return true;
    }),
  },
  {
    name: "web server that is no registry",
    check: "api",
    code: "NOT_A_REGISTRY",
    plant: answering(page(404, "404 Not Found")),
  },
  {
    name: "reverse proxy whose registry is away",
    check: "api",
    code: "REGISTRY_UNREACHABLE",
    plant: answering(page(502, "502 Bad Gateway")),
  },
  {
    name: "token server that is not there",
    check: "token-server",
    code: "TOKEN_SERVER_UNREACHABLE",
    plant: async ({ use }) => {
      const realm = `http://127.0.0.1:${await findClosedPort()}/token`;
      return { given: use(await startTinyRegistry({ answer: wants(`Bearer realm="${realm}"`) })).host };
    },
  },
  {
    name: "token server by plain HTTP elsewhere",
    check: "token-server",
    code: "TOKEN_REALM_REFUSED",
    plant: answering(wants('Bearer realm="http://auth.example/token",service="x"')),
  },
  {
    name: "no login",
    check: "login",
    code: "UNAUTHORIZED",
    plant: answering(wants('Basic realm="x"')),
  },
  {
    name: "wrong login",
    check: "login",
    code: "UNAUTHORIZED",
    plant: async (lab) => {
      const planted = await answering(wants('Basic realm="x"'))(lab);
      const auths = { [planted.given]: { auth: Buffer.from("ann:wrong").toString("base64") } };
      return {
        ...planted,
        prepare: (world) => world.write(".docker/config.json", JSON.stringify({ auths })),
      };
    },
  },
  {
    name: "login that is stored under another name",
    check: "login",
    code: "LOGIN_ELSEWHERE",
    plant: async (lab) => {
      const planted = await answering(wants('Basic realm="x"'))(lab);
      const auths = { "127.0.0.1:9": { auth: Buffer.from("ann:right").toString("base64") } };
      return {
        ...planted,
        prepare: (world) => world.write(".docker/config.json", JSON.stringify({ auths })),
      };
    },
  },
  {
    name: "credential helper that is not installed",
    check: "stored-login",
    code: "CREDENTIAL_HELPER_FAILED",
    plant: async (lab) => {
      const planted = await answering(wants('Basic realm="x"'))(lab);
      const config = JSON.stringify({ credsStore: "regctl-none" });
      return { ...planted, prepare: (world) => world.write(".docker/config.json", config) };
    },
  },
  {
    name: "logins that cannot be read",
    check: "stored-login",
    code: "LOGINS_UNREADABLE",
    status: "warning",
    plant: answering(() => false, { prepare: (world) => world.write(".docker/config.json", "{broken") }),
  },
];

function page(status: number, title: string): Answer {
  return (_, response) => {
    response.writeHead(status, { "content-type": "text/html", server: "nginx/1.22.1" });
    response.end(`<html><head><title>${title}</title></head></html>`);
    return true;
  };
}

/** As one who lets nobody in. */
function wants(challenge: string): Answer {
  return (_, response) => {
    response.setHeader("www-authenticate", challenge);
    return refuseAsRegistry(response, 401, "UNAUTHORIZED");
  };
}
