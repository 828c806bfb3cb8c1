/** `delete` without a command line: a world in which nobody waits and every question is kept. */
import { type DeleteInput, type DeleteResult, deleteImages } from "../../src/browse/delete.ts";
import type { ProgressEvent, Question } from "../../src/ports.ts";
import { controlSockets } from "../../src/system/control-socket.ts";
import { openTransport } from "../../src/system/registry-http.ts";
import { createTestClock } from "./registry-world.ts";

export interface DeleteWorld {
  readonly told: readonly ProgressEvent[];
  readonly asked: readonly Extract<Question, { kind: "consent" }>[];
  readonly abort: (reason: Error) => void;
  remove(references: readonly string[], input?: Partial<DeleteInput>): Promise<DeleteResult>;
}

/** `answer` is given to every question, after what it does meanwhile. */
export function createDeleteWorld(answer: () => Promise<boolean> = async () => true): DeleteWorld {
  const told: ProgressEvent[] = [];
  const asked: Extract<Question, { kind: "consent" }>[] = [];
  const controller = new AbortController();
  const none = () => Promise.reject(new Error("not here"));
  const world = {
    environment: { DOCKER_HOST: "unix:///nonexistent.sock" },
    home: "/nonexistent",
    files: {
      read: async () => null,
      list: async () => [],
      write: none,
      append: none,
      remove: none,
    },
    prompt: {
      interactive: true,
      consent: async (question: Extract<Question, { kind: "consent" }>) => {
        asked.push(question);
        return await answer();
      },
      secret: none,
      text: none,
    },
    clock: createTestClock(),
    emit: (event: ProgressEvent) => {
      told.push(event);
    },
    signal: controller.signal,
    userAgent: "regctl/test",
    random: Math.random,
    input: async () => "",
    maySave: () => ({ ok: true as const }),
    http: none,
    registryHttp: async () => openTransport,
    spawn: none,
    addressesOf: async () => [],
    localHost: none,
    controlSockets: async () => controlSockets,
  };
  const usual = { digest: false, dryRun: false, yes: false };
  return {
    told,
    asked,
    abort: (reason) => controller.abort(reason),
    remove: (references, input = {}) => deleteImages({ ...usual, references, ...input }, world),
  };
}
