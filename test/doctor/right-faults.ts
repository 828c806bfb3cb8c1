/** Registries that do not do everything, and engines beside them. */
import { type Answer, refuseAsRegistry, startTinyRegistry } from "../support/tiny-registry.ts";
import { answering, type Fault } from "./fault.ts";

const write = { options: { write: true } };

export const rightFaults: readonly Fault[] = [
  {
    name: "image that is not there",
    check: "pull",
    code: "NOT_FOUND",
    plant: async (lab) => {
      const { given, ...rest } = await answering(() => false)(lab);
      return { given: `${given}/team/app:1.0`, ...rest };
    },
  },
  {
    name: "no right to push",
    check: "push",
    code: "DENIED",
    plant: answering(refusing("POST", 403, "DENIED"), write),
  },
  {
    name: "registry that is read-only",
    check: "push",
    code: "READ_ONLY",
    plant: answering(refusing("POST", 405, "UNSUPPORTED"), write),
  },
  {
    name: "reverse proxy without X-Forwarded-Proto",
    check: "upload-address",
    code: "LOCATION_SCHEME",
    plant: async ({ authority, use }) => {
      const answer: Answer = ({ method, headers }, response) =>
        leads(method, response, `http://${headers.host}/v2/x/blobs/uploads/1`);
      const { host } = use(await startTinyRegistry({ tls: await authority.issue(), answer }));
      return { given: host, options: { ca: authority.caPath, write: true } };
    },
  },
  {
    name: "reverse proxy without Host",
    check: "upload-address",
    code: "LOCATION_HOST",
    plant: answering(
      ({ method }, response) => leads(method, response, "http://backend:5000/v2/x/blobs/uploads/1"),
      write,
    ),
  },
  {
    name: "reverse proxy with a small limit",
    check: "upload-size",
    code: "UPLOAD_LIMIT",
    plant: answering(({ headers }, response) => {
      if (Number(headers["content-length"] ?? 0) <= 1024 * 1024) return false;
      response.writeHead(413, { server: "nginx/1.22.1", connection: "close" }).end();
      return true;
    }, write),
  },
  {
    name: "list of repositories that is closed",
    check: "catalog",
    code: "CATALOG_CLOSED",
    status: "warning",
    plant: answering(({ url }, response) => {
      return url?.startsWith("/v2/_catalog") === true && refuseAsRegistry(response, 404, "NOT_FOUND");
    }),
  },
  {
    name: "deletion that is switched off",
    check: "delete",
    code: "DELETE_OFF",
    status: "warning",
    plant: answering(refusing("DELETE", 405, "UNSUPPORTED")),
  },
];

export const engineFaults: readonly Fault[] = [
  {
    name: "engine that does not run",
    check: "engine",
    code: "ENGINE_UNREACHABLE",
    plant: answering(() => false, { world: { info: null } }),
  },
  {
    name: "engine that refuses by itself",
    check: "engine-asks",
    code: "ENGINE_REFUSES",
    plant: answering(() => false, {
      world: { says: { status: 500, message: "x509: certificate signed by unknown authority" } },
    }),
  },
  {
    name: "builder with settings of its own",
    check: "builder",
    code: "BUILDER_APART",
    status: "warning",
    plant: answering(() => false, {
      options: { insecure: true },
      prepare: async (world) => {
        await world.write(".docker/buildx/current", JSON.stringify({ Name: "mine" }));
        const group = { Name: "mine", Driver: "docker-container", Nodes: [{ Name: "mine0", Files: {} }] };
        await world.write(".docker/buildx/instances/mine", JSON.stringify(group));
      },
    }),
  },
];

function refusing(verb: string, status: number, code: string): Answer {
  return ({ method, url }, response) =>
    method === verb && (verb !== "DELETE" || url?.includes("/manifests/") === true)
      ? refuseAsRegistry(response, status, code)
      : false;
}

function leads(method: string | undefined, response: Parameters<Answer>[1], location: string): boolean {
  if (method !== "POST") return false;
  response.writeHead(202, { location }).end();
  return true;
}
