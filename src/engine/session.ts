import type { Readable } from "node:stream";
import { isRegctlError, RegctlError } from "../errors.ts";
import { negotiateApiVersion, parseApiVersion } from "./api-version.ts";
import {
  CarrierError,
  type EngineCarrier,
  type EngineRequestOptions,
  type EngineResponse,
  type EngineStreamOptions,
} from "./carrier.ts";
import { type EngineVersion, parseVersion } from "./engine-info.ts";
import { readBounded } from "./http-carrier.ts";
import { objectOf, parseJson, textOf } from "./lenient-json.ts";

/** Where an engine is, for errors: the host's name and the way taken to it. */
export interface EngineName {
  readonly host: string;
  /** e.g. "unix:///var/run/docker.sock". */
  readonly via: string;
}

const answerWithinMs = 15_000;
const mostBytes = 16 * 1024 * 1024;

/**
 * What every method of an engine is made of: requests with a limit in time and size, the API version agreed on
 * once, failures as ENGINE_UNREACHABLE or ENGINE_ERROR.
 */
export class EngineSession {
  readonly name: EngineName;
  readonly #carrier: EngineCarrier;
  #apiVersion: string | null = null;

  constructor(carrier: EngineCarrier, name: EngineName) {
    this.#carrier = carrier;
    this.name = name;
  }

  /** Any status is an answer. Throws CarrierError. */
  ask(path: string, options: Partial<EngineRequestOptions> = {}): Promise<EngineResponse> {
    return this.#carrier.request("GET", path, { timeoutMs: answerWithinMs, maxBytes: mostBytes, ...options });
  }

  /** A successful answer, whole. */
  get(path: string, options?: Partial<EngineRequestOptions>): Promise<EngineResponse> {
    return this.send("GET", path, options);
  }

  /** The same for any method. */
  async send(
    method: string,
    path: string,
    options: Partial<EngineRequestOptions> = {},
  ): Promise<EngineResponse> {
    const limits = { timeoutMs: answerWithinMs, maxBytes: mostBytes };
    const response = await this.#carrier
      .request(method, path, { ...limits, ...options })
      .catch((error: unknown) => {
        throw this.unreachable(error);
      });
    if (response.status >= 200 && response.status < 300) return response;
    throw this.refused(`${method} ${path}`, response.status, messageIn(response));
  }

  /** A successful answer as it comes. Its errors in the middle are those of the connection. */
  async stream(method: string, path: string, options: EngineStreamOptions): Promise<Readable> {
    const { status, body } = await this.#carrier.stream(method, path, options).catch((error: unknown) => {
      throw this.unreachable(error);
    });
    if (status >= 200 && status < 300) return body;
    const bytes = await readBounded(body, mostBytes).catch(() => Buffer.alloc(0));
    throw this.refused(`${method} ${path}`, status, messageIn({ status, headers: {}, body: bytes }));
  }

  async getJson(path: string): Promise<unknown> {
    const response = await this.get(path);
    const value = parseJson(response.body.toString("utf8"));
    if (value === undefined) throw this.refused(`GET ${path}`, response.status, "the answer is not JSON");
    return value;
  }

  /** The engine's newest API version, or null when it is too old to say it here. */
  async ping(options?: Partial<EngineRequestOptions>): Promise<string | null> {
    return parseApiVersion((await this.get("/_ping", options)).headers["api-version"]);
  }

  async version(): Promise<EngineVersion> {
    return parseVersion(await this.getJson("/version"));
  }

  /** Agreed on at the first call that succeeds. */
  async apiVersion(): Promise<string> {
    this.#apiVersion ??= await this.#negotiate();
    return this.#apiVersion;
  }

  /** `path` below the agreed version, e.g. "/v1.41/info". */
  async versioned(path: string): Promise<string> {
    return `/v${await this.apiVersion()}${path}`;
  }

  async #negotiate(): Promise<string> {
    const pinged = await this.ping();
    if (pinged !== null) return negotiateApiVersion(pinged, null);
    const told = await this.version();
    const newest = parseApiVersion(told.apiVersion);
    if (newest === null) throw this.refused("GET /version", 200, "the answer names no API version");
    return negotiateApiVersion(newest, parseApiVersion(told.minApiVersion));
  }

  unreachable(error: unknown): unknown {
    if (isRegctlError(error) || !(error instanceof CarrierError)) return error;
    const facts = { host: this.name.host, tried: [this.name.via], reason: error.message };
    return new RegctlError("ENGINE_UNREACHABLE", facts, { cause: error });
  }

  /** `line`: the method and the path, whose query is left out. */
  refused(line: string, status: number, message: string): RegctlError {
    const request = line.split("?")[0] ?? line;
    return new RegctlError("ENGINE_ERROR", { host: this.name.host, request, status, message });
  }

  close(): Promise<void> {
    return this.#carrier.close();
  }
}

/** Engines from API 1.24 answer `{"message"}` when they refuse, older ones plain text. */
export function messageIn(response: EngineResponse): string {
  const text = response.body.toString("utf8").trim();
  return textOf(objectOf(parseJson(text)).message) || (response.status < 300 ? "" : text.slice(0, 2000));
}
