/** `delete`: wishes → what is there → plan → agreement → one after the other, each proved. */
import { openClient, type TrustFlags } from "../access/open.ts";
import type { AccessWorld } from "../access/world.ts";
import { isRegctlError, RegctlError } from "../errors.ts";
import { explain, toRegctlError } from "../explain/errors.ts";
import type { RegistryClient } from "../registry/client.ts";
import { lookAtRepository } from "./delete-look.ts";
import { deleteManifest } from "./delete-manifest.ts";
import { type DeletedItem, type DeleteOutcome, failedItem } from "./delete-outcome.ts";
import {
  type Deletion,
  itemOf,
  type PlanFailure,
  planRepository,
  type RepositoryPlan,
  renderDeletion,
} from "./delete-plan.ts";
import { type DeleteRequest, type RepositoryWishes, readWishes, renderWish } from "./delete-request.ts";
import { deleteTag } from "./delete-tag.ts";
import type { DeleteTools } from "./delete-tools.ts";
import { exitCodeOfItems } from "./item-error.ts";

export interface DeleteInput extends DeleteRequest, TrustFlags {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly timeoutSeconds?: number | undefined;
}

export interface DeleteResult {
  readonly outcome: DeleteOutcome;
  /** 0 when all went well. */
  readonly exitCode: number;
}

interface OpenedRepository {
  readonly wanted: RepositoryWishes;
  readonly plan: RepositoryPlan;
  readonly tools: DeleteTools | null;
}

/** How long a tag may take to be put back after an interruption. */
const rescueMs = 20_000;

/** With one item its error is thrown; with several it stands inside the item. */
export async function deleteImages(input: DeleteInput, world: AccessWorld): Promise<DeleteResult> {
  const wishes = await readWishes(input, world);
  const clients = new Map<string, Promise<RegistryClient>>();
  const open = (wanted: RepositoryWishes, signal: AbortSignal) =>
    openClient({ ...input, registry: wanted.registry, settings: wanted.settings }, { ...world, signal });
  const openOnce = (wanted: RepositoryWishes): Promise<RegistryClient> => {
    const client = clients.get(wanted.registry) ?? open(wanted, world.signal);
    clients.set(wanted.registry, client);
    return client;
  };
  try {
    const opened: OpenedRepository[] = [];
    for (const wanted of wishes) {
      const rescue = () => open(wanted, AbortSignal.timeout(rescueMs));
      opened.push(await lookAndPlan(wanted, () => openOnce(wanted), rescue, input, world));
    }
    await askConsent(opened, input, world);
    const results: Result[] = [];
    for (const repository of opened) results.push(...(await carryOut(repository, input, world)));
    return conclude(results, input);
  } finally {
    for (const client of clients.values()) await client.then((each) => each.close()).catch(() => {});
  }
}

async function lookAndPlan(
  wanted: RepositoryWishes,
  open: () => Promise<RegistryClient>,
  rescue: () => Promise<RegistryClient>,
  input: DeleteInput,
  world: AccessWorld,
): Promise<OpenedRepository> {
  const { registry, repository, wishes } = wanted;
  try {
    world.emit({ event: "step", host: registry, step: `look at ${repository}` });
    const client = await open();
    const look = { client, repository, wishes, manifests: input.digest, ...world };
    const plan = planRepository(wanted, await lookAtRepository(look), input.digest);
    return { wanted, plan, tools: { client, repository, world, rescue } };
  } catch (error) {
    world.signal.throwIfAborted();
    const known = toRegctlError(error);
    if (known.code === "INTERNAL") throw error;
    const name = `${registry}/${repository}`;
    const failures = wishes.map((wish) => ({ reference: renderWish(name, wish), error: known }));
    return { wanted, plan: { deletions: [], failures, asks: false }, tools: null };
  }
}

/** One question for everything that was not named to the letter. Throws MISSING_ANSWER, DECLINED. */
async function askConsent(
  opened: readonly OpenedRepository[],
  { yes, dryRun, digest }: DeleteInput,
  { prompt }: AccessWorld,
): Promise<void> {
  const asked = opened.filter(({ plan }) => plan.asks).flatMap(({ plan }) => plan.deletions);
  if (yes || dryRun || asked.length === 0) return;
  const what = digest ? "manifest" : "tag";
  const question = `Delete ${asked.length === 1 ? `this ${what}` : `these ${asked.length} ${what}s`}?`;
  const details = asked.map(renderDeletion);
  if (await prompt.consent({ kind: "consent", question, details, flag: "--yes" })) return;
  throw new RegctlError("DECLINED", { question });
}

type Result = DeletedItem | PlanFailure;

/** One after the other: two deletions of one digest must see each other's end. */
async function carryOut(
  { plan, tools }: OpenedRepository,
  { dryRun }: DeleteInput,
  { signal }: AccessWorld,
): Promise<readonly Result[]> {
  const results: Result[] = [...plan.failures];
  for (const deletion of plan.deletions) {
    if (dryRun || tools === null) {
      results.push(itemOf(deletion));
      continue;
    }
    try {
      signal.throwIfAborted();
      results.push(await carryOutOne(deletion, tools));
    } catch (error) {
      // What was begun has been settled already.
      signal.throwIfAborted();
      if (!isRegctlError(error)) throw error;
      results.push({ reference: deletion.reference, error });
    }
  }
  return results;
}

async function carryOutOne(deletion: Deletion, tools: DeleteTools): Promise<DeletedItem> {
  const item = itemOf(deletion);
  if (deletion.kind === "manifest") {
    return { ...item, notes: [...item.notes, ...(await deleteManifest(deletion, tools))] };
  }
  return { ...item, ...(await deleteTag(deletion, tools)) };
}

function conclude(results: readonly Result[], { dryRun }: DeleteInput): DeleteResult {
  const [only] = results;
  if (results.length === 1 && only !== undefined && !("deleted" in only)) throw only.error;
  const items = results.map((each) => {
    if ("deleted" in each) return each;
    const { code, message, remedies } = explain(each.error);
    return failedItem(each.reference, { code, message, remedies });
  });
  const ok = items.every(({ error }) => error === undefined);
  return {
    outcome: { ...(ok ? {} : { ok: false as const }), dryRun, items },
    exitCode: exitCodeOfItems(items),
  };
}
