/** Answers what `ssh` asks during one connection. */

import { vouchForHostKey } from "../host-key.ts";
import { askPassphrase, triesOfAPerson } from "../passphrases.ts";
import type { Patience } from "../patience.ts";
import type { SshTarget } from "../target.ts";
import type { SshOptions, SshWorld } from "../world.ts";
import type { Asked } from "./askpass.ts";
import { type AskedBySsh, parseAsked } from "./prompts.ts";

export interface Answers {
  /** `byJump`: the question is a jump host's, which ssh goes through by itself. */
  answer(asked: Asked, byJump: boolean): Promise<string | null>;
  /** Why a person or a rule said no: the real reason when ssh fails afterwards. */
  readonly failure: unknown;
}

export function createAnswers(
  target: SshTarget,
  options: SshOptions,
  world: SshWorld,
  patience: Patience,
): Answers {
  const asks = new Map<string, number>();
  let password = world.environment.REGCTL_SSH_PASSWORD || undefined;
  let failure: unknown;
  const person = world.prompt.interactive;

  const ask = async (question: string): Promise<string | null> =>
    person ? await world.prompt.secret(asked(question)) : null;
  const answerPassword = async (): Promise<string | null> => {
    const given = password;
    password = undefined;
    if (given !== undefined) return given;
    return await ask(`Password for ${target.login}`);
  };
  const asked = (question: string) => ({
    kind: "secret" as const,
    host: target.name,
    question,
    flag: "REGCTL_SSH_PASSWORD",
  });
  const reply = async (question: AskedBySsh, byJump: boolean): Promise<string | null> => {
    switch (question.kind) {
      case "host-key":
        await vouchForHostKey(
          { ...question, ...(question.at ?? { host: target.host, port: target.port }) },
          target,
          options,
          world,
        );
        return "yes";
      case "passphrase": {
        const tries = asks.get(question.path) ?? 0;
        asks.set(question.path, tries + 1);
        return person && tries < triesOfAPerson
          ? await askPassphrase(question.path, tries > 0, target.name, world)
          : null;
      }
      case "password":
        // Only ssh's own words name the jump host; the password of the environment is not for it.
        return await (byJump ? ask(question.question) : answerPassword());
      case "presence":
        world.emit({ event: "note", host: target.name, note: "touch the security key" });
        return "";
      case "other":
        return await ask(byJump ? question.question : `${question.question} for ${target.login}`);
    }
  };
  return {
    get failure() {
      return failure;
    },
    answer: async ({ prompt, hint }, byJump) => {
      const question = parseAsked(prompt, hint);
      try {
        return await patience.hold(() => reply(question, byJump));
      } catch (error) {
        failure ??= error;
        return question.kind === "host-key" ? "no" : null;
      }
    },
  };
}
