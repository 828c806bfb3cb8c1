/** Words for what registries are asked and what they answer. */
import type { WordsFor } from "./explanation.ts";
import { sentence } from "./explanation.ts";

type RegistryCode = "BAD_REFERENCE" | "CONTENT_BROKEN" | "DIGEST_MISMATCH";

const bytesOf = (count: number): string => (count === 1 ? "1 byte" : `${count} bytes`);

export const registryWords: WordsFor<RegistryCode> = {
  BAD_REFERENCE: ({ given, problem, type, more = [] }) => ({
    message: `"${given}" names no image: ${sentence(problem)}`,
    remedies: [
      type ??
        "Type it as [HOST[:PORT]/]NAME[:TAG][@DIGEST], for example registry.example.com:5000/team/app:1.0",
      ...more,
    ],
  }),
  CONTENT_BROKEN: ({ what, problem, instead }) => ({
    message: `There is something wrong with ${what}: ${sentence(problem)}`,
    remedies: [instead ?? "Push or copy it again from where it is whole"],
  }),
  DIGEST_MISMATCH: ({ what, digest, size, actual, bytes }) => ({
    message: [
      `Other bytes came for ${what} than its digest says, and nothing was made of them.`,
      `Announced: ${digest}${size === null ? "" : `, ${bytesOf(size)}`}.`,
      actual === null ? "More bytes than that came." : `Came: ${actual}, ${bytesOf(bytes)}.`,
    ].join(" "),
    remedies: [
      "Run the same command again: a connection or a proxy may have cut the answer",
      "If it happens again, the registry holds damaged bytes: push the image again from where it is whole",
    ],
  }),
};
