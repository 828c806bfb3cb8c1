/**
 * `npm run bench [-- setup|browse|copy|publish|serve|tunnel …]`: ratios against what people use today, each in one run. Exit 1
 * when one was missed. `--rounds N` takes fewer or more than the usual; `--kind systemd|sid|sid-store` one engine of those
 * that `publish` takes.
 */
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { withoutGo } from "../interop/peers.ts";
import { openLab } from "../lab/prerequisites.ts";
import { findDockerRegistry, withoutDockerRegistry } from "./docker-registry.ts";
import type { Verdict } from "./measure.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);

interface Bench {
  /** Why it cannot run here, or null. */
  readonly obstacle: () => Promise<string | null>;
  /** Tells each line as it comes. */
  readonly run: (rounds: number | undefined, tell: (verdict: Verdict) => void) => Promise<void>;
}

const needsGo = async () => (withoutGo === false ? null : withoutGo);

const needsLab = async () => {
  const lab = await openLab();
  return lab.can ? null : lab.reason;
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, kind: { type: "string" } },
});

const benches: Readonly<Record<string, Bench>> = {
  setup: {
    obstacle: needsLab,
    run: async (_rounds, tell) => {
      const [{ benchSetup }, { bundle }] = await Promise.all([
        import("./setup.ts"),
        import("../../scripts/build.ts"),
      ]);
      await bundle();
      for (const verdict of await benchSetup()) tell(verdict);
    },
  },
  browse: {
    obstacle: needsGo,
    run: async (rounds, tell) => (await import("./browse.ts")).benchBrowse(rounds, tell),
  },
  copy: {
    obstacle: needsGo,
    run: async (rounds, tell) => (await import("./copy.ts")).benchCopy(rounds, tell),
  },
  publish: {
    obstacle: async () => (await needsGo()) ?? (await needsLab()),
    run: async (rounds, tell) => {
      const { benchPublish } = await import("./publish.ts");
      await benchPublish(rounds, values.kind, tell);
    },
  },
  serve: {
    obstacle: async () => ((await findDockerRegistry()) === null ? withoutDockerRegistry : null),
    run: async (rounds, tell) => {
      const [{ benchServe }, program] = await Promise.all([import("./serve.ts"), findDockerRegistry()]);
      if (program !== null) await benchServe(program, rounds, tell);
    },
  },
  startup: {
    obstacle: async () => null,
    run: async (rounds, tell) => (await import("./startup.ts")).benchStartup(rounds, tell),
  },
  tunnel: {
    obstacle: needsLab,
    run: async (rounds, tell) => (await import("./tunnel.ts")).benchTunnel(rounds, tell),
  },
};

const unknown = positionals.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}\n`);
  process.exit(2);
}
const { length: count, 0: first } = cpus();
say(
  `${count} × ${first?.model ?? "unknown processor"}, Linux ${release()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
);
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
let missed = false;
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  const bench = benches[name];
  if (bench === undefined) continue;
  const obstacle = await bench.obstacle();
  if (obstacle !== null) {
    say(`${name} skipped: ${obstacle}`);
    continue;
  }
  await bench.run(rounds, ({ line, met }) => {
    say(line);
    missed ||= !met;
  });
}
process.exitCode = missed ? 1 : 0;
