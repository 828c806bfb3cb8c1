import { RegctlError } from "../errors.ts";

/** A phase whose expectation did not come true. */
export class Unproved extends Error {
  readonly host: string;
  log: readonly string[] = [];

  constructor(host: string, reason: string) {
    super(reason);
    this.host = host;
  }

  asRegctlError(): RegctlError {
    return new RegctlError("NOT_PROVED", { host: this.host, reason: this.message, log: this.log });
  }
}
