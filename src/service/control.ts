/**
 * How another regctl talks to one that runs: over a socket in a folder that only its user may enter. Who answers
 * there runs; a file that a crash left behind answers nothing. Shared by whatever runs for long.
 */
import type { ProgressEvent } from "../ports.ts";

/** What is asked for, by its name, and with what. */
export interface ControlRequest {
  readonly ask: string;
  readonly [argument: string]: unknown;
}

export type ControlAnswer = (
  request: ControlRequest,
  world: { readonly tell: (event: ProgressEvent) => void; readonly signal: AbortSignal },
) => Promise<object>;

export interface ControlListener {
  /** Hears no more requests, and takes the socket away. Answers under way still arrive. */
  close(): Promise<void>;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  /** For every line of the answer. */
  readonly timeoutMs: number;
  readonly tell?: (event: ProgressEvent) => void;
}

export interface ControlSockets {
  /** Takes the place of a dead socket. Errors of the asked function travel as they are. */
  listen(path: string, answer: ControlAnswer): Promise<ControlListener>;
  /**
   * The answer, or null when nobody listens there.
   * @throws RegctlError what the other one threw; STATE_UNREADABLE when it does not answer
   */
  ask(path: string, request: ControlRequest, options: AskOptions): Promise<unknown>;
}
