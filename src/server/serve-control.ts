/** What a running registry does for another regctl that asks it over its control socket. */
import { RegctlError } from "../errors.ts";
import type { ControlAnswer } from "../service/control.ts";
import { collectGarbage, verifyStorage } from "./kept-storage.ts";
import type { RunningRegistry } from "./run.ts";

/** `stop` begins to stop and comes back when it has. */
export function answerControl(running: RunningRegistry, stop: () => Promise<void>): ControlAnswer {
  const answers: Readonly<Record<string, ControlAnswer>> = {
    status: () => running.document(),
    reload: async () => {
      await running.reload();
      return {};
    },
    stop: async () => {
      const document = await running.document();
      await stop();
      return document;
    },
    gc: ({ dryRun, untagged }, { tell: emit, signal }) =>
      collectGarbage(
        running.storage,
        { dryRun: dryRun === true, untagged: untagged === true },
        { emit, signal },
      ),
    verify: (_, { tell: emit, signal }) => verifyStorage(running.storage, { emit, signal }),
  };
  return async (request, world) => {
    const answer = Object.hasOwn(answers, request.ask) ? answers[request.ask] : undefined;
    if (answer === undefined) {
      throw new RegctlError("USAGE", {
        problem: `A server of another version does not know "${request.ask}"`,
      });
    }
    return await answer(request, world);
  };
}
