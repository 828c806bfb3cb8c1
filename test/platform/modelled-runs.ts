/** Runs of setup and undo on a modelled host, and the hosts on which they are tried. */
import fc from "fast-check";
import { applyPlan } from "../../src/platform/apply.ts";
import type { ChangeKind } from "../../src/platform/change-request.ts";
import type { HostFacts } from "../../src/platform/facts.ts";
import type { UndoNote } from "../../src/platform/formats/format.ts";
import { type JournalEntry, parseJournal } from "../../src/platform/journal.ts";
import type { Plan } from "../../src/platform/plan.ts";
import { planInsecure } from "../../src/platform/plan-insecure.ts";
import { planTrust } from "../../src/platform/plan-trust.ts";
import { entriesToUndo, planUndo, standingEntries } from "../../src/platform/plan-undo.ts";
import { boot2docker } from "../../src/platform/platforms/boot2docker.ts";
import { systemd, systemdDockerIo } from "../../src/platform/platforms/systemd.ts";
import { debianSysvinit } from "../../src/platform/platforms/sysvinit.ts";
import { upstart } from "../../src/platform/platforms/upstart.ts";
import { judgeRegistry } from "../../src/platform/registry-name.ts";
import type { Clock } from "../../src/ports.ts";
import { freezeDeep, hostFacts, hostFile } from "./hosts.ts";
import type { Cut, ModelledHost, Recipe } from "./modelled-host.ts";
import { requestsFor } from "./requests.ts";

const daemonJson = "/etc/docker/daemon.json";
const certsFolder = "/etc/docker/certs.d";
const defaultFile = "/etc/default/docker";
const dropIn = "/etc/systemd/system/docker.service.d/10-machine.conf";
const profile = "/var/lib/boot2docker/profile";

/** Time passes only when somebody sleeps. */
function fakeClock(): Clock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => new Date(now++),
    sleep: async (ms) => {
      now += ms;
    },
  };
}

const clock = fakeClock();

async function apply(
  model: ModelledHost,
  plan: Plan,
  about: Run & { readonly cut: Cut | null },
): Promise<Plan> {
  if (plan.kind === "nothing") return plan;
  const { host, engine } = model.connect(about.cut);
  await applyPlan({
    plan,
    facts: freezeDeep(model.facts()),
    service: model.recipe.platform.service(model.facts()),
    root: host,
    engine,
    action: about.action,
    registry: about.registry,
    undoes: about.undoes,
    whoami: "me@here",
    clock,
    emit: () => {},
    proveWithinMs: 1000,
    signal: new AbortController().signal,
  });
  return plan;
}

interface Run {
  readonly action: "insecure" | "trust" | "undo";
  readonly registry: string;
  readonly undoes: readonly JournalEntry[];
}

/** One run of `setup insecure`, from the look to the proof. */
export async function setUp(model: ModelledHost, registry: string, cut: Cut | null = null): Promise<Plan> {
  const facts = freezeDeep(model.facts());
  const { platform } = model.recipe;
  const earlier = notesOf(standingEntries(parseJournal(facts.journal)));
  const judged = judgeRegistry(registry);
  const plan = planInsecure({ registry: judged, facts, platform, evidence: [], verifies: false, earlier });
  return apply(model, plan, { action: "insecure", registry, undoes: [], cut });
}

/** One run of `setup trust`, with an authority that was vouched for. */
export async function trust(model: ModelledHost, registry: string, cut: Cut | null = null): Promise<Plan> {
  const facts = freezeDeep(model.facts());
  const { platform } = model.recipe;
  const plan = planTrust({
    ...{ facts, platform, evidence: [], certsFolder, before: "trust", leadsInto: null },
    request: requestsFor(registry).trust,
    standing: standingEntries(parseJournal(facts.journal), registry),
  });
  return apply(model, plan, { action: "trust", registry, undoes: [], cut });
}

/** One run of `setup undo`. */
export async function undo(
  model: ModelledHost,
  registry: string,
  cut: Cut | null = null,
  kinds?: readonly ChangeKind[],
): Promise<Plan> {
  const facts = freezeDeep(model.facts());
  const { platform } = model.recipe;
  const entries = entriesToUndo(parseJournal(facts.journal), registry, kinds);
  const plan = planUndo({ registry, facts, platform, evidence: [], entries });
  return apply(model, plan, { action: "undo", registry, undoes: entries, cut });
}

function notesOf(entries: readonly JournalEntry[]): Readonly<Record<string, readonly UndoNote[]>> {
  const notes: Record<string, UndoNote[]> = {};
  for (const { path, change } of entries.flatMap((entry) => entry.edits)) {
    if (change) notes[path] = [...(notes[path] ?? []), change.note];
  }
  return notes;
}

const ceUnit = { environmentFiles: [], execStart: "/usr/bin/dockerd -H fd://" };
const unit = hostFacts().unit;
const unitOf = (given: Partial<NonNullable<HostFacts["unit"]>>) =>
  unit ? { unit: { ...unit, ...given } } : {};
const keptDaemonJson = hostFile(daemonJson, null, { target: "/var/lib/boot2docker/etc/docker/daemon.json" });

/** Values of keys that are none of ours, in the spelling that people use. */
const otherKeys = fc.dictionary(
  fc.constantFrom("log-driver", "debug", "data-root", "labels", "dns", "proxies"),
  fc.constantFrom<unknown>(
    "local",
    true,
    0,
    null,
    [],
    ["a=b", "c"],
    { "http-proxy": "http://u:p@proxy:3128" },
    'é " \\ \n',
  ),
  { maxKeys: 4 },
);
const lists = fc.option(fc.subarray(["10.0.0.0/8", "old.test:5000", "[fd00::1]:5000"]), { nil: undefined });

const jsonTexts = fc
  .record({
    others: otherKeys,
    list: lists,
    keep: fc.option(fc.boolean(), { nil: undefined }),
    indent: fc.constantFrom("", " ", "  ", "    ", "\t"),
    eol: fc.constantFrom("\n", "\r\n"),
    final: fc.boolean(),
    last: fc.boolean(),
  })
  .map(({ others, list, keep, indent, eol, final, last }) => {
    const ours = {
      ...(list ? { "insecure-registries": list } : {}),
      ...(keep === undefined ? {} : { "live-restore": keep }),
    };
    const all = last ? { ...others, ...ours } : { ...ours, ...others };
    return JSON.stringify(all, null, indent).replaceAll("\n", eol) + (final ? eol : "");
  });

const noise = fc.array(
  fc.constantFrom(
    "",
    "# a comment",
    '#DOCKER_OPTS="--dns 8.8.8.8"',
    'export http_proxy="http://127.0.0.1:3128/"',
    "TMPDIR='/mnt/x y'",
  ),
  { maxLength: 3 },
);
const finalEol = fc.constantFrom("\n", "");

function linesAround(line: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(noise, line, noise, finalEol)
    .map(([above, it, under, end]) => [...above, it, ...under].join("\n") + end);
}

const flags = fc
  .tuple(
    fc.constantFrom("", "--debug ", "--label a=b --dns 8.8.8.8 "),
    fc.constantFrom(
      "--insecure-registry old.test:5000",
      "--insecure-registry=old.test:5000 --insecure-registry 10.0.0.0/8",
    ),
    fc.constantFrom("", " --icc=false"),
  )
  .map((parts) => parts.join(""));

const withFlags = (variable: string, quote = fc.constantFrom('"', "'")) =>
  linesAround(fc.tuple(flags, quote).map(([value, q]) => `${variable}=${q}${value}${q}`));
const running = fc.subarray(["aaaaaaaaaaaaaaa1", "aaaaaaaaaaaaaaa2"]);
/** A file beside the flags that does not hold the list itself. */
const jsonWithoutList = fc.option(
  jsonTexts.filter((text) => !text.includes("insecure-")),
  { nil: undefined },
);
const withJson = (text: string | undefined) => (text === undefined ? {} : { [daemonJson]: text });

const pieces = fc.tuple(running, jsonWithoutList);

/** Every way in which a list is owned, with random files. */
export const recipes: Readonly<Record<string, fc.Arbitrary<Recipe>>> = {
  "systemd, daemon.json": fc.tuple(running, fc.option(jsonTexts, { nil: undefined })).map(([ids, text]) => ({
    platform: systemd,
    version: "28.5.2",
    files: withJson(text),
    facts: unitOf(ceUnit),
    running: ids,
  })),
  "systemd docker.io, flags": fc.tuple(pieces, withFlags("DOCKER_OPTS")).map(([[ids, json], text]) => ({
    platform: systemdDockerIo,
    version: "20.10.24+dfsg1",
    files: { [defaultFile]: text, ...withJson(json) },
    running: ids,
  })),
  "systemd, flags in a drop-in": fc.tuple(pieces, flags).map(([[ids, json], value]) => ({
    platform: systemd,
    version: "18.09.7",
    files: {
      [dropIn]: `[Service]\nExecStart=\nExecStart=/usr/bin/dockerd -H fd:// ${value} \nEnvironment=\n`,
      ...withJson(json),
    },
    facts: unitOf({ ...ceUnit, dropInPaths: [dropIn] }),
    running: ids,
  })),
  "sysvinit, flags": fc
    .tuple(pieces, withFlags("DOCKER_OPTS", fc.constant('"')))
    .map(([[ids, json], text]) => ({
      platform: debianSysvinit,
      version: "20.10.24+dfsg1",
      files: { [defaultFile]: text, ...withJson(json) },
      facts: { init: "sysvinit", unit: null },
      running: ids,
    })),
  "upstart, engine 1.12": fc
    .tuple(pieces, linesAround(fc.constantFrom("", 'DOCKER_OPTS="--debug"')))
    .map(([[ids, json], text]) => ({
      platform: upstart,
      version: "1.12.6",
      files: { [defaultFile]: text, ...withJson(json) },
      facts: { init: "upstart", unit: null },
      running: ids,
    })),
  "boot2docker 1.9": fc
    .tuple(
      running,
      fc.option(linesAround(fc.constant("EXTRA_ARGS='\n--label provider=virtualbox\n\n'")), {
        nil: undefined,
      }),
    )
    .map(([ids, text]) => ({
      platform: boot2docker,
      version: "1.9.1",
      files: text === undefined ? {} : { [profile]: text },
      facts: {
        init: "sysvinit",
        unit: null,
        osRelease: { ID: "boot2docker" },
        markers: new Set(["boot2docker"]),
      },
      running: ids,
    })),
  "boot2docker 19.03, flags": fc
    .tuple(pieces, withFlags("EXTRA_ARGS", fc.constant('"')))
    .map(([[ids, json], text]) => ({
      platform: boot2docker,
      version: "19.03.12",
      files: { [profile]: text, ...withJson(json) },
      facts: {
        init: "sysvinit",
        unit: null,
        osRelease: { ID: "boot2docker" },
        markers: new Set(["boot2docker"]),
        files: { [daemonJson]: keptDaemonJson },
      },
      running: ids,
    })),
};
