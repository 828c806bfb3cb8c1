/**
 * Every failure a user can meet, as facts. The words and remedies for a code live in `src/explain/errors.ts`,
 * the exit code in `src/exit-codes.ts`; docs/exit-codes.md is checked against both by a test.
 */

/** What is known when an error of a code is thrown. Strings are shown to people: no secrets, no control characters. */
export interface ErrorFacts {
  /** Wrong usage of a command: `problem` is a sentence, `type` what to type instead. */
  USAGE: { problem: string; type?: string };
  /** Not an image's name, tag or digest by Docker's rules. */
  BAD_REFERENCE: {
    given: string;
    problem: string;
    type?: string;
    /** Further lines that help. */
    more?: readonly string[];
  };
  /** A registry name that no engine would accept. */
  BAD_REGISTRY: { given: string; problem: string; type?: string };
  REGISTRY_NO_EFFECT: { registry: string; why: string };
  /** `0.0.0.0/0` and `::/0`: would switch off verification for every registry. */
  REGISTRY_TOO_WIDE: { registry: string };
  /** A question had no answer because there is no terminal. */
  MISSING_ANSWER: { question: string; flag: string; choices?: readonly string[] };
  DECLINED: { question: string };

  /** A configuration file that must not be touched as it is. Line and column start at 1. */
  CONFIG_BROKEN: { host: string; path: string; line: number; column: number; problem: string };
  /** The engine could not start again with these settings (a key given as flag and in the file). */
  CONFIG_CONFLICT: { host: string; path: string; problem: string; remedy: string };
  /** The platform is recognised but not written by us; `paste` is what a person can do. */
  PLATFORM_NOT_WRITTEN: {
    host: string;
    platform: string;
    /** As in `--platform`, and a clause: why it is not written. */
    name?: string;
    why?: string;
    evidence: readonly string[];
    paste: readonly string[];
  };
  /** An engine that cannot take a change on, whatever its platform; `instead`: lines to type or do. */
  ENGINE_CANNOT: { host: string; what: string; why: string; instead: readonly string[] };
  PLATFORM_UNKNOWN: { host: string; evidence: readonly string[]; known: readonly string[] };
  /** The engine that the docker CLI talks to is not on the host whose files we can reach. */
  /** `on`: its machine, where that is known. */
  ENGINE_ELSEWHERE: { endpoint: string; why: string; remedy: string; on?: string };
  CHANGED_SINCE_PLANNED: { host: string; path: string };
  UNDO_CHANGED_SINCE: { host: string; path: string; backup: string };
  LOCKED: { host: string; by: string };

  NO_RIGHTS: { host: string; user: string; reason: string; paste: readonly string[] };

  /** `instead`: what can be done without one. */
  ENGINE_UNREACHABLE: { host: string; tried: readonly string[]; reason: string; instead?: string };
  ENGINE_ERROR: { host: string; request: string; status: number; message: string };
  /** It could not read what it would be given; `needs` says from when on engines do. */
  ENGINE_TOO_OLD: { host: string; version: string; what: string; needs: string };
  HOST_COMMAND_FAILED: { host: string; command: string; code: number | null; output: string };
  HOST_FILE_FAILED: { host: string; path: string; problem: string };
  /** Applied, not proved within the time, and the old state is back. */
  NOT_PROVED: { host: string; reason: string; log: readonly string[] };
  /** Applied, not proved, and the old state could not be brought back. */
  ROLLBACK_FAILED: {
    host: string;
    reason: string;
    problem: string;
    backup: string | null;
    log: readonly string[];
  };

  SSH_NAME_UNKNOWN: { host: string };
  /** `login`: `user@host[:port]` as ssh takes it, in this one and the next. */
  SSH_UNREACHABLE: { host: string; port: number; reason: string; login?: string };
  SSH_TIMEOUT: { host: string; port: number; seconds: number; login?: string };
  /** Neither a terminal nor `--accept-host-key` vouched for a key that is in no known_hosts file. */
  SSH_HOST_KEY_UNKNOWN: { host: string; port: number; keyType: string; fingerprint: string };
  SSH_HOST_KEY_CHANGED: {
    host: string;
    port: number;
    keyType: string;
    fingerprint: string;
    knownHosts: string;
  };
  SSH_HOST_KEY_REVOKED: { host: string; port: number; fingerprint: string; knownHosts: string };
  /** `--accept-host-key` named another key than the server showed. */
  SSH_HOST_KEY_REFUSED: {
    host: string;
    port: number;
    keyType: string;
    fingerprint: string;
    accepted: string;
  };
  SSH_AUTH_FAILED: { host: string; user: string; tried: readonly string[] };
  SSH_NO_COMMON_ALGORITHM: { host: string; reason: string };
  SSH_CONNECTION_LOST: { host: string; reason: string };
  SSH_COMMAND_TIMEOUT: { host: string; command: string; seconds: number };
  /** `listening`: it was to listen there for us, rather than to connect. */
  SSH_FORWARD_DENIED: { host: string; destination: string; reason: string; listening?: boolean };
  SSH_FORWARD_FAILED: { host: string; destination: string; reason: string };
  SSH_NOT_INSTALLED: { reason: string };
  SSH_CONFIG_BROKEN: { path: string; problem: string };

  /** No connection to a registry; `tried` are the origins. `instead`: where no registry may have been meant. */
  REGISTRY_UNREACHABLE: { registry: string; tried: readonly string[]; reason: string; instead?: string };
  /** It speaks plain HTTP where HTTPS is wanted. `noCertificate`: there is none to trust, on loopback or elsewhere. */
  REGISTRY_PROTOCOL: { registry: string; reason: string; noCertificate?: "loopback" | "elsewhere" };
  /** Its certificate is not accepted, or `ours` by it. */
  REGISTRY_CERTIFICATE: { registry: string; reason: string; ours: boolean };
  /** Its certificate is good, and for other names. */
  REGISTRY_NAME_MISMATCH: { registry: string; names: string };
  /** No authority makes an engine accept it; `server` is the name that it is to be issued for. */
  CERTIFICATE_INCURABLE: {
    registry: string;
    host: string;
    server: string;
    problem: string;
    /** The clock of the host is wrong, and not the certificate. */
    clock: boolean;
  };
  /** The fingerprint that was given is of none of those that were seen. */
  CERTIFICATE_MISMATCH: { registry: string; host: string; given: string; seen: readonly string[] };
  /** It would not do what is wanted, or more. `certificate` names it or its file. */
  CERTIFICATE_UNUSABLE: { registry: string; host: string; certificate: string; problem: string };
  /** Something answers, and it is no registry. */
  NOT_A_REGISTRY: { registry: string; url: string; status: number };
  /** It wants a login; `login` is where the one that it did not take comes from, `instead` how one logs in there. */
  UNAUTHORIZED: { registry: string; what: string; reason: string; login: string | null; instead?: string };
  /** Whoever asks is known and may not. */
  DENIED: { registry: string; what: string; reason: string; login: string | null };
  /** The login would go somewhere where it must not go. */
  TOKEN_REALM_REFUSED: { registry: string; realm: string; why: string };
  NOT_FOUND: { what: string; reason: string };
  RATE_LIMITED: { registry: string; message: string; retryAfterSeconds: number | null };
  /** Any other answer that is a failure. */
  REGISTRY_ERROR: { registry: string; request: string; status: number; message: string };
  CREDENTIAL_HELPER_FAILED: { helper: string; action: string; reason: string };
  /** A manifest or configuration that cannot be what it is said to be; `what` names it, with its registry or file. */
  CONTENT_BROKEN: { what: string; problem: string; instead?: string };
  /**
   * Other bytes came than were announced. `size` is null when nobody said, `actual` when there were too many bytes
   * to read on; `bytes` came.
   */
  DIGEST_MISMATCH: {
    what: string;
    digest: string;
    size: number | null;
    actual: string | null;
    bytes: number;
  };

  /** A file or folder that the user named; `problem` is a sentence. */
  FILE_FAILED: { path: string; problem: string };
  /** It would be overwritten, and nobody said that it may. */
  FILE_EXISTS: { path: string };
  /** The registry has deletion switched off; `instead`: how things are deleted there, where that is known. */
  DELETE_OFF: { registry: string; what: string; instead?: string };
  /** A tag points elsewhere than it did a moment before. */
  TAG_MOVED: { reference: string; was: string; is: string | null };
  /** A tag could neither be deleted nor put back; `digest` is what it held before, which is whole. */
  PLACEHOLDER_LEFT: { reference: string; digest: string; reason: string };
  /** The engine has no such image; `near` are names of those that it has. */
  IMAGE_MISSING: { given: string; engine: string; near: readonly string[] };
  /** The beginning of more than one id. */
  IMAGE_AMBIGUOUS: { given: string; candidates: readonly string[] };
  /** `--no-overwrite`, and the tag leads to another image; `would` is null where that is not known before. */
  TAG_TAKEN: { reference: string; is: string; would: string | null };
  /** The image has no variant for it. */
  PLATFORM_MISSING: { what: string; platform: string; available: readonly string[] };
  /** Neither a list of repositories nor a search; `tried` are sentences. */
  SEARCH_CLOSED: { registry: string; tried: readonly string[]; elsewhere: readonly string[] };

  /** Somebody listens there already; `by` when it is known who, `instead` what to type; `host` where it is not this one. */
  PORT_HELD: { address: string; by: string | null; instead?: string; host?: string };
  LISTEN_FAILED: { address: string; problem: string };
  /** Another server has the folder. */
  STORAGE_LOCKED: { path: string; by: string };
  STORAGE_FAILED: { path: string; problem: string };
  /** `what` is `tunnel` or the like, `name` the one that was asked for; `near` those that run, `type` the line meant. */
  NOT_RUNNING: {
    what: string;
    name?: string;
    near?: readonly string[];
    type?: string;
    start?: string;
  };
  START_FAILED: { what: string; log: readonly string[] };
  /** systemd does not answer: that of the machine, or the one of the user. */
  NO_SERVICE_MANAGER: { scope: "system" | "user"; reason: string };

  /** One of this name is there. `registry` is null while it connects. */
  TUNNEL_RUNS: { name: string; pid: number; registry: string | null };
  /** Seen from the server; `candidates` are places where one answers, as `--to` takes them. */
  TUNNEL_NO_REGISTRY: { server: string; to: string; reason: string; candidates: readonly string[] };
  /** For `-- COMMAND`: why it was not started, in words. */
  TUNNEL_COMMAND: { command: string; problem: string; remedies: readonly string[] };
  /** A service that starts by itself finds nobody to unlock its key. */
  KEY_NEEDS_PERSON: { server: string; reason: string };

  /** A step of the first walk did not end as it must; `output` is what it said. */
  QUICKSTART_FAILED: { command: string; code: number | null; output: string };
  STATE_UNREADABLE: { path: string; problem: string };
  /** Standard output did not take the result (a full disk); a reader that left early is no error. */
  OUTPUT_FAILED: { problem: string };
  INTERRUPTED: { signal: string };
  INTERNAL: { what: string };
}

export type ErrorCode = keyof ErrorFacts;

/** A failure as data. `cause` keeps what was caught; it is printed only with `--verbose`. */
export class RegctlError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "RegctlError";
  readonly code: C;
  readonly facts: ErrorFacts[C];

  constructor(code: C, facts: ErrorFacts[C], options?: { cause?: unknown }) {
    super(`${code} ${JSON.stringify(facts)}`, options);
    this.code = code;
    this.facts = facts;
  }
}

/** Narrow an unknown error to one of ours, of one code when given. */
export function isRegctlError(error: unknown): error is RegctlError;
export function isRegctlError<C extends ErrorCode>(error: unknown, code: C): error is RegctlError<C>;
export function isRegctlError(error: unknown, code?: ErrorCode): boolean {
  return error instanceof RegctlError && (code === undefined || error.code === code);
}
