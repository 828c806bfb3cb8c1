/** The engine: its files, whether it runs, what it holds, and what it says when it is made to ask. */
import { explainText } from "../../explain/messages/explain-text.ts";
import { sameEntry } from "../../platform/engine-entry.ts";
import type { Check } from "../check.ts";
import type { EngineLook } from "../facts.ts";
import { type Finding, failed, failedBy, ok, skipped, warning } from "../finding.ts";

const gibibyte = 1024 ** 3;
/** Engines begin to fail when a layer does not fit, and layers of half a gigabyte are common. */
const leastFree = 0.5 * gibibyte;
const littleFree = 3 * gibibyte;

export const engineChecks: readonly Check[] = [
  {
    id: "configuration",
    needs: [],
    judge: ({ engine }) => {
      if (engine.elsewhere !== null) return skipped("That of an engine elsewhere is not looked at.");
      if (!engine.expected) return skipped("There is no engine here, so there is no configuration of one.");
      if (engine.configuration !== null) return failedBy(engine.configuration);
      if (engine.idleKey !== null) return idle(engine.idleKey);
      return notInForce(engine) ?? ok(`The engine's configuration can be read${shownPath(engine)}.`);
    },
  },
  {
    id: "engine",
    needs: [],
    judge: ({ engine, host }) => {
      if (engine.elsewhere !== null) {
        const engineThere = `The engine at ${engine.elsewhere} is not looked at, for only its address is known`;
        const [, machine] = /^tcp:\/\/(.+):\d+$/.exec(engine.elsewhere) ?? [];
        const instead = machine === undefined ? "" : ` To look at its machine: --on ${machine}.`;
        return skipped(`${engineThere}: everything is seen from here.${instead}`);
      }
      if (!engine.expected) {
        return skipped("There is no engine here; the registry is looked at as regctl itself reaches it.");
      }
      if (engine.problem === null) return ok(`Docker ${engine.version ?? ""} answers.`.replace("  ", " "));
      return silent(engine, engine.problem, host);
    },
  },
  {
    id: "engine-disk",
    needs: ["engine"],
    judge: ({ engine: { disk }, host }) => {
      if (disk === null) return null;
      const { path, freeBytes } = disk;
      const left = `${(freeBytes / gibibyte).toFixed(1)} GiB are left for ${path}`;
      if (freeBytes >= littleFree) return ok(`${left}.`);
      const trouble = {
        code: "DISK_FULL" as const,
        message: `Only ${left}: images may not fit.`,
        remedies: [prefixed(host, "docker system df"), prefixed(host, "docker image prune")],
      };
      return freeBytes < leastFree ? failed(trouble) : warning(trouble);
    },
  },
];

function silent({ namedBy, installed }: EngineLook, problem: string, host: string): Finding {
  const [, missing] = /\bENOENT (\S+)$/.exec(problem) ?? [];
  const why = missing === undefined ? problem : `there is no ${missing}`;
  const whose = namedBy === null ? "" : ` that ${namedBy} names`;
  const otherwise = namedBy === "DOCKER_HOST" ? "unset DOCKER_HOST" : "docker context use default";
  return failed({
    code: "ENGINE_UNREACHABLE",
    message: `The engine${whose}${on(host)} does not answer: ${why}.`,
    remedies: [
      ...(namedBy === null ? [] : [`Where another engine is meant: ${otherwise}`]),
      ...(namedBy === null || installed
        ? [prefixed(host, "sudo systemctl start docker"), prefixed(host, "sudo journalctl -u docker -n 50")]
        : ["See which engines there are: docker context ls"]),
    ],
  });
}

/** After the network and the certificate: then what is left is the engine's own. */
export const engineSaysChecks: readonly Check[] = [
  {
    id: "engine-asks",
    needs: [
      "engine",
      "tcp",
      "protocol",
      "certificate-chain",
      "certificate-names",
      "certificate-dates",
      "api",
    ],
    judge: ({ engineSays, registry, host, engine }) => {
      if (registry === null || engineSays === null || !engine.expected) return null;
      const { verdict, message } = engineSays;
      if (verdict === "trusted") return ok("The engine itself reaches the registry and trusts it.");
      if (verdict === "unsupported")
        return skipped("This engine cannot be made to ask a registry by this name.");
      const [known] = explainText(message);
      const usual = known?.remedies ?? [prefixed(host, "sudo journalctl -u docker -n 50")];
      const command = verdict === "protocol" ? "insecure" : verdict === "trust" ? "trust" : null;
      return failed({
        code: "ENGINE_REFUSES",
        message: `The engine${on(host)} does not get to the registry, though it can be reached from its host: ${message}`,
        remedies: command === null ? usual : [`regctl setup ${command} ${registry.registry}${onFlag(host)}`],
      });
    },
  },
];

/** ` on HOST`, or nothing for this machine. */
export function on(host: string): string {
  return host === "localhost" ? "" : ` on ${host}`;
}

/** The flag that makes a command of ours act there. */
export function onFlag(host: string): string {
  return host === "localhost" ? "" : ` --on ${host}`;
}

/** A line for a shell there. */
export function prefixed(host: string, line: string): string {
  return host === "localhost" ? line : `On ${host}: ${line}`;
}

function shownPath({ path }: EngineLook): string {
  return path === null ? "" : `, ${path}`;
}

function idle(path: string) {
  return warning({
    code: "CONFIG_NOT_IN_FORCE",
    message: `${path} has the key "insecure-registry", which the engine accepts and does nothing with: it is "insecure-registries", a list.`,
    remedies: [`sudoedit ${path}`],
  });
}

/** What stands in the file and is not held by the engine that runs. */
function notInForce({ configured, effective, path }: EngineLook): Finding | null {
  if (effective === null) return null;
  const idleEntries = configured.filter((entry) => !effective.some((held) => sameEntry(held, entry)));
  const [first] = idleEntries;
  if (first === undefined) return null;
  return warning({
    code: "CONFIG_NOT_IN_FORCE",
    message: `${path} lists ${idleEntries.join(", ")}, and the engine that runs does not have it: it was not reloaded since.`,
    remedies: [`regctl setup insecure ${first}`],
  });
}
