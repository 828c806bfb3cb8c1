/** Words for images in files, and for what looking, deleting and copying refuse. */
import { dirname } from "node:path";
import { below, sentence, type WordsFor } from "./explanation.ts";
import { quoteLine } from "./quote.ts";

type ContentCode =
  | "FILE_FAILED"
  | "FILE_EXISTS"
  | "DELETE_OFF"
  | "TAG_MOVED"
  | "PLACEHOLDER_LEFT"
  | "IMAGE_MISSING"
  | "IMAGE_AMBIGUOUS"
  | "TAG_TAKEN"
  | "PLATFORM_MISSING"
  | "SEARCH_CLOSED";

export const contentWords: WordsFor<ContentCode> = {
  FILE_FAILED: ({ path, problem }) => ({
    message: `${path}: ${sentence(problem)}`,
    remedies: [
      quoteLine(/disk is full|no space/i.test(problem) ? ["df", "-h", dirname(path)] : ["ls", "-ld", path]),
    ],
  }),
  FILE_EXISTS: ({ path }) => ({
    message: `${path} is there already, and would be overwritten.`,
    remedies: ["Overwrite it: --yes", "Or name another file"],
  }),
  DELETE_OFF: ({ registry, what, instead }) => ({
    message: `The registry ${registry} has deletion switched off, or takes no changes, so ${what} stays; nothing was changed.`,
    remedies:
      instead !== undefined
        ? [instead]
        : [
            "On a registry:2 or registry:3 server: set REGISTRY_STORAGE_DELETE_ENABLED=true (storage.delete.enabled in its config.yml) and restart it",
            "Elsewhere deletion may be a right of its own, or stand in the server's own web pages",
          ],
  }),
  TAG_MOVED: ({ reference, was, is }) => ({
    message: `${reference} was ${was} a moment ago and is ${is ?? "gone"} now: somebody else works on it. It was left alone.`,
    remedies: ["Look at it again, and run the same command if it is still right"],
  }),
  PLACEHOLDER_LEFT: ({ reference, digest, reason }) => ({
    message: `${reference} holds a placeholder of regctl now: it could neither be deleted nor put back. ${sentence(reason)} The image is whole, as ${digest}.`,
    remedies: [
      `Delete the tag: ${quoteLine(["regctl", "delete", reference])}`,
      `Or have it back: ${quoteLine(["regctl", "copy", `${reference.replace(/:[^:/]*$/, "")}@${digest}`, reference])}`,
    ],
  }),
  IMAGE_MISSING: ({ given, engine, near }) => ({
    message: `The engine on ${engine} has no image "${given}".${below("It has:", near)}`,
    remedies: [
      "See all that it has: docker image ls",
      "An image in a file is written docker-archive:FILE, oci-archive:FILE or oci:DIR",
    ],
  }),
  IMAGE_AMBIGUOUS: ({ given, candidates }) => ({
    message: `More than one image has an id that begins with "${given}".${below("They are:", candidates)}`,
    remedies: ["Type more of the id, or a name"],
  }),
  TAG_TAKEN: ({ reference, is, would }) => ({
    message: `${reference} is ${is} already${would === null ? "" : `, and would become ${would}`}; --no-overwrite forbids that, and nothing was sent.`,
    remedies: ["Choose another tag", "Or leave --no-overwrite out"],
  }),
  PLATFORM_MISSING: ({ what, platform, available }) => ({
    message: `${what} has no variant for ${platform}.${below("It has:", available)}`,
    remedies: available.slice(0, 3).map((each) => `--platform ${each}`),
  }),
  SEARCH_CLOSED: ({ registry, tried, elsewhere }) => ({
    message: `The registry ${registry} cannot be searched.${below("Tried:", tried)}`,
    remedies: [
      ...(elsewhere.length > 0
        ? elsewhere
        : [`With a login it may list its repositories: ${quoteLine(["regctl", "login", registry])}`]),
      `The tags of a name that is known: ${quoteLine(["regctl", "tags", `${registry}/${registry === "docker.io" ? "library/NAME" : "NAME"}`])}`,
    ],
  }),
};
