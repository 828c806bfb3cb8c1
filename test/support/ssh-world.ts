/** The world of a connection under test: a home of its own, answers from a list, nothing of this machine's user. */
import { readdir, writeFile } from "node:fs/promises";
import { RegctlError } from "../../src/errors.ts";
import type { ProgressEvent, Prompt, Question } from "../../src/ports.ts";
import type { SshOptions, SshWorld } from "../../src/ssh/world.ts";
import { createFiles } from "../../src/system/files.ts";
import { spawn } from "../../src/system/processes.ts";
import { createTempHome } from "./temp-home.ts";

export interface SshSurroundings {
  /** Lines of the SSH configuration, after those that keep the test apart from this machine. */
  readonly config?: readonly string[];
  readonly knownHosts?: string;
  /** Content of files in the home folder, mode 0600. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** A person who gives these answers, in order; none means that nobody is there. */
  readonly answers?: readonly (string | boolean)[];
}

export interface TestWorld extends AsyncDisposable {
  readonly world: SshWorld;
  readonly home: string;
  readonly knownHostsPath: string;
  readonly asked: Question[];
  readonly events: ProgressEvent[];
}

/** The private folders of OpenSSH connections that are open in a test's world. */
export async function foldersOfConnections(home: string): Promise<string[]> {
  return (await readdir(home)).filter((name) => name.startsWith("regctl-"));
}

export const quickly: SshOptions = { ssh: "node", acceptHostKey: [], connectTimeoutMs: 10_000 };

export async function createSshWorld(surroundings: SshSurroundings = {}): Promise<TestWorld> {
  const home = await createTempHome();
  const knownHostsPath = `${home.path}/known_hosts`;
  const config = [
    ...(surroundings.config ?? []),
    "Host *",
    `  UserKnownHostsFile ${knownHostsPath}`,
    "  GlobalKnownHostsFile none",
    "  IdentityAgent none",
    `  IdentityFile ${home.path}/id`,
  ];
  await writeFile(`${home.path}/config`, `${config.join("\n")}\n`, { mode: 0o600 });
  if (surroundings.knownHosts !== undefined) await writeFile(knownHostsPath, surroundings.knownHosts);
  for (const [name, content] of Object.entries(surroundings.files ?? {})) {
    await writeFile(`${home.path}/${name}`, content, { mode: 0o600 });
  }
  const asked: Question[] = [];
  const events: ProgressEvent[] = [];
  const world: SshWorld = {
    spawn,
    files: createFiles(),
    prompt: scriptedPrompt(surroundings.answers, asked),
    // The private folder of an OpenSSH connection is made here, where no other test looks.
    environment: { XDG_RUNTIME_DIR: home.path, ...surroundings.environment },
    home: home.path,
    user: "tester",
    emit: (event) => events.push(event),
    passphrases: new Map(),
    configFile: `${home.path}/config`,
  };
  return {
    world,
    home: home.path,
    knownHostsPath,
    asked,
    events,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

function scriptedPrompt(answers: SshSurroundings["answers"], asked: Question[]): Prompt {
  const left = [...(answers ?? [])];
  const next = (question: Question): string | boolean => {
    asked.push(question);
    const answer = left.shift();
    if (answer !== undefined) return answer;
    throw new RegctlError("MISSING_ANSWER", { question: question.question, flag: question.flag });
  };
  const typed = async (question: Question): Promise<string> => String(next(question));
  return {
    interactive: answers !== undefined,
    consent: async (question) => next(question) === true,
    secret: typed,
    text: typed,
  };
}
