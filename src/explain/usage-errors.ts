/** Words for wrong usage, unanswered questions, and what regctl itself could not do. */
import type { WordsFor } from "./explanation.ts";
import { below, sentence } from "./explanation.ts";
import { quoteWord } from "./quote.ts";

type UsageCode =
  | "USAGE"
  | "BAD_REGISTRY"
  | "REGISTRY_NO_EFFECT"
  | "REGISTRY_TOO_WIDE"
  | "MISSING_ANSWER"
  | "DECLINED"
  | "STATE_UNREADABLE"
  | "OUTPUT_FAILED"
  | "INTERRUPTED"
  | "INTERNAL";

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const usageWords: WordsFor<UsageCode> = {
  USAGE: ({ problem, type }) => ({
    message: capital(sentence(problem)),
    remedies: [type ?? "regctl --help"],
  }),
  BAD_REGISTRY: ({ given, problem, type }) => ({
    message: `"${given}" is not a registry that an engine accepts: ${sentence(problem)}`,
    remedies: [type ?? "Type it as HOST[:PORT], for example registry.example.com:5000"],
  }),
  REGISTRY_NO_EFFECT: ({ registry, why }) => ({
    message: `Listing ${registry} as insecure would change nothing: ${sentence(why)}`,
    remedies: ["regctl setup insecure HOST[:PORT], with the address of your own registry"],
  }),
  REGISTRY_TOO_WIDE: ({ registry }) => ({
    message: `${registry} is every address there is: the engine would no longer verify any registry. Nothing was changed.`,
    remedies: ["Name the smallest network that holds the registry: regctl setup insecure 192.168.1.0/24"],
  }),
  MISSING_ANSWER: ({ question, flag, choices = [] }) => ({
    message: `There is a question and no terminal to ask it: ${sentence(question)}${below("It may be:", choices)}`,
    remedies: [`Answer it with ${flag}`],
  }),
  DECLINED: ({ question }) => ({
    message: `Nothing was changed, because the answer was no: ${sentence(question)}`,
    remedies: ["Run it again with --dry-run to see the plan"],
  }),
  STATE_UNREADABLE: ({ path, problem }) => ({
    message: `regctl's own file ${path} could not be used: ${sentence(problem)}`,
    remedies: [`ls -l ${quoteWord(path)}`, `mv ${quoteWord(path)} ${quoteWord(`${path}.broken`)}`],
  }),
  OUTPUT_FAILED: ({ problem }) => ({
    message: `The result could not be written to standard output: ${sentence(problem)} What the command did is done.`,
    remedies: ["df -h . (where standard output goes to a file)"],
  }),
  INTERRUPTED: ({ signal }) => ({
    message: `Interrupted (${signal}).`,
    remedies: ["Run the same command again: it starts from what it finds"],
  }),
  INTERNAL: ({ what }) => ({
    message: `This is a bug in regctl: ${sentence(what)}`,
    remedies: ["Run it again with --verbose and report that output"],
  }),
};
