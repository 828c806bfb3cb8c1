/**
 * A prompt that asks a person once and answers the same questions of later connections from memory: a tunnel that
 * comes back at night finds nobody to ask. What it holds stays in memory, and goes to a process in the background by
 * its standard input alone.
 */
import { RegctlError } from "../errors.ts";
import type { Prompt, Question } from "../ports.ts";

export interface KeptAnswer {
  readonly question: string;
  readonly answer: string | boolean;
}

export interface RememberedAnswers {
  readonly prompt: Prompt;
  /** From then on nobody is asked, and each answer may be given once more: twice would be the wrong one again. */
  beginAgain(): void;
  kept(): readonly KeptAnswer[];
}

export function rememberAnswers(person: Prompt, given: readonly KeptAnswer[]): RememberedAnswers {
  const answers = new Map(given.map(({ question, answer }) => [question, answer]));
  const used = new Set<string>();
  let mayAsk = person.interactive;
  const recall = async <Answer extends string | boolean>(
    question: Question,
    ask: () => Promise<Answer>,
  ): Promise<string | boolean> => {
    const key = keyOf(question);
    const known = answers.get(key);
    if (known !== undefined && !used.has(key)) {
      used.add(key);
      return known;
    }
    if (!mayAsk) {
      throw new RegctlError("MISSING_ANSWER", { question: question.question, flag: question.flag });
    }
    const answer = await ask();
    answers.set(key, answer);
    used.add(key);
    return answer;
  };
  return {
    prompt: {
      get interactive() {
        return mayAsk || answers.size > 0;
      },
      consent: async (question) => (await recall(question, () => person.consent(question))) === true,
      secret: async (question) => String(await recall(question, () => person.secret(question))),
      text: async (question) => String(await recall(question, () => person.text(question))),
    },
    beginAgain: () => {
      mayAsk = false;
      used.clear();
    },
    kept: () => [...answers].map(([question, answer]) => ({ question, answer })),
  };
}

/** With its details: the question about a host key is another one for another fingerprint. */
function keyOf(question: Question): string {
  const details = question.kind === "consent" ? (question.details ?? []) : [];
  return [question.kind, question.host ?? "", question.question, ...details].join("\n");
}
