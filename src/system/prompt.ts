/** Questions to the person at the terminal. The only importer of inquirer. */
import { type ErrorFacts, RegctlError } from "../errors.ts";
import type { Choose, Environment, PresentedQuestion, Prompt, Question } from "../ports.ts";

type Input = NodeJS.ReadStream;
type Output = NodeJS.WriteStream;

export interface PromptOptions {
  /** Asked for when it is used: opening it takes a fifth of the time of a short command. */
  readonly input: () => Input;
  /** Questions go here, never to standard output. */
  readonly output: Output;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** How a question looks. */
  readonly present: (question: Question) => PresentedQuestion;
  /** Runs `ask` while nothing else writes to the terminal. */
  readonly aside: <T>(ask: () => Promise<T>) => Promise<T>;
}

/** A terminal that a CI system lends to its jobs has nobody in front of it. */
function canAsk({ input, output, environment }: PromptOptions): boolean {
  const ci = environment.CI;
  const forcedOff = ci !== undefined && ci !== "" && ci !== "0" && ci !== "false";
  return output.isTTY === true && !forcedOff && input().isTTY === true;
}

function unansweredOf(question: Question): ErrorFacts["MISSING_ANSWER"] {
  const { question: words, flag } = question;
  const facts = { question: words, flag };
  return question.kind === "choice"
    ? { ...facts, choices: question.choices.map(({ label }) => label) }
    : facts;
}

/** Runs one task after another, in the order they came; a failed one does not stop the next. */
function createQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => {});
    return next;
  };
}

/** inquirer says by an error's name that the person pressed Ctrl-C, or that our signal ended the question. */
function toOwnError(error: unknown, signal: AbortSignal): unknown {
  const name = error instanceof Error ? error.name : "";
  if (name === "ExitPromptError") return new RegctlError("INTERRUPTED", { signal: "SIGINT" });
  if (name === "AbortPromptError") return signal.reason;
  return error;
}

type Inquirer = typeof import("@inquirer/prompts");
interface Asked {
  readonly message: string;
  readonly theme: { readonly prefix?: { readonly done: string } };
}
interface AskContext {
  readonly input: Input;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Letters that every terminal has, and no colour but what inquirer gives the line itself. */
const menuTheme = {
  icon: { cursor: ">" },
  style: { keysHelpTip: () => "  (arrow keys, then Enter)" },
};

export function createPrompt(options: PromptOptions): Prompt & { readonly choose: Choose } {
  const { input, output, signal, present, aside } = options;
  const queue = createQueue();

  const ask = <T>(
    question: Question,
    run: (inquirer: Inquirer, asked: Asked, context: AskContext) => Promise<T>,
  ): Promise<T> => {
    if (!canAsk(options)) {
      return Promise.reject(new RegctlError("MISSING_ANSWER", unansweredOf(question)));
    }
    return queue(async () => {
      signal.throwIfAborted();
      const inquirer = await import("@inquirer/prompts");
      return await aside(async () => {
        const { above, message, mark } = present(question);
        output.write(above.map((line) => `${line}\n`).join(""));
        const theme = mark === undefined ? {} : { prefix: { done: mark } };
        return await run(inquirer, { message, theme }, { input: input(), output, signal });
      });
    }).catch((error: unknown) => {
      throw toOwnError(error, signal);
    });
  };

  return {
    get interactive() {
      return canAsk(options);
    },
    consent: (question) =>
      ask(question, ({ confirm }, asked, context) => confirm({ ...asked, default: false }, context)),
    secret: (question) => ask(question, ({ password }, asked, context) => password(asked, context)),
    text: (question) => ask(question, (inquirer, asked, context) => inquirer.input(asked, context)),
    choose: (question) =>
      ask(question, ({ select }, { message, theme }, context) => {
        const choices = question.choices.map(({ value, label: name }) => ({ value, name }));
        return select({ message, choices, loop: false, theme: { ...theme, ...menuTheme } }, context);
      }),
  };
}
