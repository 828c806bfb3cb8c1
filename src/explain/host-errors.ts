/** Words for what goes wrong with a host, its engine and its configuration. */
import { below, onHost, sentence, type WordsFor } from "./explanation.ts";
import { explainText } from "./messages/explain-text.ts";
import { quoteLine, quoteWord } from "./quote.ts";

type HostCode =
  | "CONFIG_BROKEN"
  | "CONFIG_CONFLICT"
  | "PLATFORM_NOT_WRITTEN"
  | "ENGINE_CANNOT"
  | "PLATFORM_UNKNOWN"
  | "ENGINE_ELSEWHERE"
  | "CHANGED_SINCE_PLANNED"
  | "UNDO_CHANGED_SINCE"
  | "LOCKED"
  | "NO_RIGHTS"
  | "ENGINE_UNREACHABLE"
  | "ENGINE_ERROR"
  | "ENGINE_TOO_OLD"
  | "HOST_COMMAND_FAILED"
  | "HOST_FILE_FAILED"
  | "NOT_PROVED"
  | "ROLLBACK_FAILED";

/** A message of the engine, with its cause where we know it, and the remedies that belong to it. */
/** `from`: words by which it is known who says so, where the message itself leaves them out. */
function explainReason(reason: string, otherwise: readonly string[], from = "") {
  const [known] = explainText(from + reason);
  return known === undefined
    ? { reason: sentence(reason), remedies: otherwise }
    : { reason: `${sentence(reason)} ${known.message}`, remedies: known.remedies };
}

const seen = (evidence: readonly string[]): string =>
  evidence.length === 0 ? "" : ` What was seen: ${sentence(evidence.join("; "))}`;

export const hostWords: WordsFor<HostCode> = {
  CONFIG_BROKEN: ({ host, path, line, column, problem }) => ({
    message: `${path}${onHost(host)} is broken at line ${line}, column ${column}: ${sentence(problem)} Nothing was changed.`,
    remedies: [`Repair it${onHost(host)}: sudoedit ${quoteWord(path)}`],
  }),
  CONFIG_CONFLICT: ({ host, path, problem, remedy }) => ({
    message: `${path}${onHost(host)} has settings that exclude each other: ${sentence(problem)} Nothing was changed.`,
    remedies: [remedy],
  }),
  PLATFORM_NOT_WRITTEN: ({ host, platform, why, evidence, paste }) => ({
    message: `${host} is ${platform}, which regctl knows but does not change by itself${why ? `: ${why}` : ""}. Nothing was changed.${seen(evidence)}`,
    remedies: paste.length > 0 ? paste : ["See what a person would paste: add --print"],
  }),
  ENGINE_CANNOT: ({ host, what, why, instead }) => ({
    message: `The engine of ${host} does not take ${what}: ${sentence(why)} Nothing was changed.`,
    remedies: instead,
  }),
  PLATFORM_UNKNOWN: ({ host, evidence, known }) => ({
    message: `regctl cannot tell what kind of container host ${host} is. Nothing was changed.${seen(evidence)} Known are ${known.join(", ")}.`,
    remedies: ["Say which of them it is: --platform NAME"],
  }),
  ENGINE_ELSEWHERE: ({ endpoint, why, remedy }) => ({
    message: `The engine at ${endpoint} is not on a host whose files regctl reaches: ${sentence(why)} Nothing was changed.`,
    remedies: [remedy],
  }),
  CHANGED_SINCE_PLANNED: ({ host, path }) => ({
    message: `${path}${onHost(host)} changed after the plan was made, so it was left as it is now.`,
    remedies: ["Run the same command again: it plans from what it finds"],
  }),
  UNDO_CHANGED_SINCE: ({ host, path, backup }) => ({
    message: `${path}${onHost(host)} changed after setup wrote it, so it was not put back byte for byte. Nothing was changed.`,
    remedies: [
      `See what is different${onHost(host)}: sudo ${quoteLine(["diff", backup, path])}`,
      "Take out only the registry: regctl setup undo REGISTRY",
    ],
  }),
  LOCKED: ({ host, by }) => ({
    message: `Another run changes ${host} at the moment: ${sentence(by)} Nothing was changed.`,
    remedies: ["Run the same command again when that run has ended"],
  }),
  NO_RIGHTS: ({ host, user, reason, paste }) => ({
    message: `${user} may not change the engine's settings on ${host}: ${sentence(reason)} Nothing was changed.`,
    remedies: [
      "Run it as root or in a terminal that can ask for sudo's password, or give that in REGCTL_SUDO_PASSWORD",
      ...(paste.length > 0 ? ["Or let somebody with rights paste:", ...paste] : []),
    ],
  }),
  ENGINE_UNREACHABLE: ({ host, tried, reason, instead }) => {
    const explained = explainReason(reason, ["docker version", "sudo systemctl status docker"]);
    const where = tried.length === 0 ? "" : ` Tried: ${sentence(tried.join(", "))}`;
    return {
      message: `No container engine answers on ${host}: ${explained.reason}${where}`,
      remedies: instead === undefined ? explained.remedies : [...explained.remedies, instead],
    };
  },
  ENGINE_TOO_OLD: ({ host, version, what, needs }) => ({
    message: `The engine on ${host} (${version}) is too old for ${what}: ${sentence(needs)} Nothing was changed.`,
    remedies: ["Upgrade the engine, or publish the image again with gzip", "Into a file: --output oci:DIR"],
  }),
  ENGINE_ERROR: ({ host, request, status, message }) => {
    // With containerd's store docker passes on containerd's words, which its own CLI puts behind these.
    const explained = explainReason(message, ["Run it again with --verbose"], "Error response from daemon: ");
    return {
      message: `The engine on ${host} answered ${request} with status ${status}: ${explained.reason}`,
      remedies: explained.remedies,
    };
  },
  HOST_COMMAND_FAILED: ({ host, command, code, output }) => {
    const explained = explainReason(output.trim() === "" ? "it said nothing" : output, [
      // What was cut short to be shown is no command to try.
      command.endsWith("…") ? "Run it again with --verbose" : `Try it${onHost(host)}: ${command}`,
    ]);
    const end = code === null ? "was ended before it was done" : `ended with code ${code}`;
    return {
      message: `A command${onHost(host)} ${end} (${command}): ${explained.reason}`,
      remedies: explained.remedies,
    };
  },
  HOST_FILE_FAILED: ({ host, path, problem }) => ({
    message: `${path}${onHost(host)} could not be read or written: ${sentence(problem)}`,
    remedies: [`Look${onHost(host)}: ${quoteLine(["ls", "-ld", path])}; ${quoteLine(["df", path])}`],
  }),
  NOT_PROVED: ({ host, reason, log }) => {
    const explained = explainReason(reason, ["sudo journalctl -u docker -n 50"]);
    return {
      message:
        `The change on ${host} could not be proved, so the old settings are back: ${explained.reason}` +
        below("The engine's log:", log),
      remedies: explained.remedies,
    };
  },
  ROLLBACK_FAILED: ({ host, reason, problem, backup, log }) => ({
    message:
      `The change on ${host} could not be proved (${reason.trim().replace(/\.$/, "")}), ` +
      `and the old settings could not be put back: ${sentence(problem)}${below("The engine's log:", log)}`,
    remedies: [
      ...(backup === null ? [] : [`The old files${onHost(host)} are kept: sudo ls -l ${quoteWord(backup)}`]),
      `See how the engine is${onHost(host)}: docker info`,
    ],
  }),
};
