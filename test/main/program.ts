/** A program made of the real shell and commands that exist only for its tests. */
import { string as argument } from "@oclif/core/args";
import { type CommandResult, type InputOf, RegctlCommand } from "../../src/base-command.ts";
import { type ErrorCode, type ErrorFacts, RegctlError } from "../../src/errors.ts";
import { pickFlags } from "../../src/flags.ts";
import { start } from "../../src/main.ts";
import type { CommandSource } from "../../src/oclif.ts";

interface Told {
  readonly told: unknown;
}

function tell(told: unknown, exitCode?: number): CommandResult<Told> {
  return {
    document: { told },
    ...(exitCode === undefined ? {} : { exitCode }),
    render: async () => renderTold,
  };
}

function renderTold({ told }: Told): readonly string[] {
  return Array.isArray(told) ? told : [JSON.stringify(told)];
}

class Echo extends RegctlCommand<Told> {
  static override args = { word: argument({ ignoreStdin: true, required: true, description: "Any word." }) };
  static override flags = pickFlags("on", "yes", "dry-run", "exit-code", "print", "timeout", "ssh");
  async execute({ args, flags }: InputOf<typeof Echo>) {
    return tell({ word: args.word, on: flags.on ?? [], timeout: flags.timeout ?? null });
  }
}

class Count extends RegctlCommand<Told> {
  static override args = { lines: argument({ ignoreStdin: true, required: true }) };
  async execute({ args }: InputOf<typeof Count>) {
    return tell(Array.from({ length: Number(args.lines) }, (_, index) => `line ${index}`));
  }
}

class Raw extends RegctlCommand<Told> {
  static override args = { text: argument({ ignoreStdin: true, required: true }) };
  async execute({ args }: InputOf<typeof Raw>) {
    return tell([JSON.parse(`"${args.text}"`)], 3);
  }
}

class Fail extends RegctlCommand<Told> {
  static override args = { facts: argument({ ignoreStdin: true, required: true }) };
  async execute({ args }: InputOf<typeof Fail>): Promise<CommandResult<Told>> {
    const [code, facts] = JSON.parse(args.facts) as [ErrorCode, ErrorFacts[ErrorCode]];
    throw new RegctlError(code, facts, { cause: new Error("the deeper cause") });
  }
}

class Crash extends RegctlCommand<Told> {
  static override args = { how: argument({ ignoreStdin: true, required: true }) };
  async execute({ args }: InputOf<typeof Crash>): Promise<CommandResult<Told>> {
    if (args.how === "later") setTimeout(() => JSON.parse("later"), 1);
    else if (args.how === "unhandled") void Promise.reject(new Error("nobody caught it"));
    else if (args.how === "renderer")
      return { ...tell(1), render: () => Promise.reject(new Error("no renderer")) };
    else throw new TypeError("a crash");
    return await new Promise(() => {});
  }
}

class Wait extends RegctlCommand<Told> {
  async execute(): Promise<CommandResult<Told>> {
    process.stderr.write("waiting\n");
    const { signal } = this.surroundings;
    const timer = setInterval(() => {}, 1000);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    clearInterval(timer);
    process.stderr.write("cleaned up\n");
    throw new Error("ended by the signal");
  }
}

class Stuck extends RegctlCommand<Told> {
  async execute(): Promise<CommandResult<Told>> {
    process.stderr.write("waiting\n");
    setInterval(() => {}, 1000);
    return await new Promise(() => {});
  }
}

class Leftover extends RegctlCommand<Told> {
  async execute() {
    setInterval(() => {}, 1000);
    return tell("done");
  }
}

/** Goes on after its document: SIGHUP is told, a signal ends it well, and `how` may end it badly. */
class Stay extends RegctlCommand<Told> {
  static override args = { how: argument({ ignoreStdin: true }) };
  async execute({ args }: InputOf<typeof Stay>) {
    const { signal, onHangup, stderr } = this.surroundings;
    onHangup(() => stderr.write("hung up\n"));
    const alive = setInterval(() => {}, 1000);
    const running = new Promise<number>((resolve, reject) => {
      signal.addEventListener("abort", () => resolve(5));
      if (args.how === "fail") reject(new RegctlError("LISTEN_FAILED", { address: "a:1", problem: "lost" }));
      if (args.how === "crash") setTimeout(() => JSON.parse("later"), 1);
    });
    const stop = (): void => clearInterval(alive);
    running.then(stop, stop);
    return { ...tell("ready"), running };
  }
}

const classes = {
  echo: Echo,
  count: Count,
  raw: Raw,
  fail: Fail,
  crash: Crash,
  wait: Wait,
  stuck: Stuck,
  stay: Stay,
  "group:leftover": Leftover,
};

function cache(
  id: string,
  { args, flags = {}, baseFlags }: { args: object; flags?: object; baseFlags: object },
) {
  const named = (entries: object) =>
    Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [name, { ...entry, name, parse: undefined }]),
    );
  return {
    id,
    aliases: [],
    hiddenAliases: [],
    hidden: false,
    args: named(args),
    flags: named({ ...baseFlags, ...flags }),
  };
}

const source = {
  manifest: {
    version: "1.2.3",
    commands: Object.fromEntries(Object.entries(classes).map(([id, c]) => [id, cache(id, c)])),
  },
  table: Object.fromEntries(Object.entries(classes).map(([id, c]) => [id, async () => ({ default: c })])),
  pjson: {
    name: "test-program",
    version: "1.2.3",
    oclif: { bin: "regctl", topicSeparator: " ", topics: { group: { description: "A group." } } },
  },
} as unknown as CommandSource;

await start(source);
