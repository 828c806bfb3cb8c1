/** Which proof to give next, as OpenSSH orders them: keys, keyboard-interactive, password. */
import { triesOfAPerson } from "../passphrases.ts";
import type { Patience } from "../patience.ts";
import type { SshTarget } from "../target.ts";
import type { SshWorld } from "../world.ts";
import { type Identities, type Identity, readIdentities } from "./identities.ts";
import type { AnyAuthMethod, KeyboardPrompt, ParsedKey, SshLibrary } from "./library.ts";

export interface Authentication {
  /** The next proof, or false when nothing is left. `accepted` is null before the server has named its methods. */
  next(accepted: readonly string[] | null): Promise<AnyAuthMethod | false>;
  /** What was tried so far, for people. */
  readonly tried: readonly string[];
  /** Why the person's answer could not be had (interrupted), when that ended it. */
  readonly failure: unknown;
}

interface Dealings {
  readonly target: SshTarget;
  readonly world: SshWorld;
  readonly library: SshLibrary;
  readonly patience: Patience;
}

export function startAuthentication(dealings: Dealings): Authentication {
  const tried: string[] = [];
  const attempts = proofs(dealings, tried);
  let failure: unknown;
  return {
    tried,
    get failure() {
      return failure;
    },
    next: async (accepted) => {
      try {
        const preferred = dealings.target.preferredAuthentications;
        const methods = (accepted ?? []).filter((method) => preferred?.includes(method) ?? true);
        const { value, done } = await attempts.next(methods);
        return done || !value ? false : value;
      } catch (error) {
        failure = error;
        return false;
      }
    },
  };
}

/** Yields one proof after another; each `yield` returns the methods that the server takes from now on. */
async function* proofs(
  dealings: Dealings,
  tried: string[],
): AsyncGenerator<AnyAuthMethod, undefined, readonly string[]> {
  const { target, world } = dealings;
  const username = target.user;
  const identities = readIdentities(target, world, dealings.library);
  identities.catch(() => {});
  let accepted: readonly string[] = yield { type: "none", username };
  const rounds = publicKeyRounds(dealings, identities, tried);
  const secrets = new Secrets(dealings);
  for (;;) {
    if (accepted.includes("publickey")) {
      const round = await rounds.next();
      if (!round.done) {
        accepted = yield { type: "agent", username, agent: round.value };
        continue;
      }
    }
    if (accepted.includes("keyboard-interactive") && target.methods.keyboard && secrets.mayAnswerKeyboard) {
      tried.push("keyboard-interactive");
      secrets.beforeKeyboard();
      accepted = yield {
        type: "keyboard-interactive",
        username,
        prompt: (...asked) => secrets.answer(asked[3], asked[4]),
      };
      if (secrets.failure) throw secrets.failure;
      continue;
    }
    if (accepted.includes("password") && target.methods.password && secrets.left) {
      tried.push("password");
      accepted = yield { type: "password", username, password: await secrets.password() };
      continue;
    }
    return undefined;
  }
}

type KeyAgent = InstanceType<SshLibrary["BaseAgent"]>;

/** First the keys that can be offered as they are, then those that must be unlocked before anyone sees them. */
async function* publicKeyRounds(
  { library, patience, world }: Dealings,
  reading: Promise<Identities>,
  tried: string[],
): AsyncGenerator<KeyAgent, undefined, void> {
  const { offered, locked } = await reading;
  if (offered.length > 0) yield offerKeys(offered, library, patience, tried);
  if (!world.prompt.interactive) return undefined;
  for (const { unlock } of locked) {
    const identity = await patience.hold(unlock).catch(() => null);
    if (identity) yield offerKeys([identity], library, patience, tried);
  }
  return undefined;
}

/** Our keys in the shape of an agent: ssh2 asks it to sign only what the server has said it would accept. */
function offerKeys(
  identities: readonly Identity[],
  library: SshLibrary,
  patience: Patience,
  tried: string[],
): KeyAgent {
  const signWith = (key: ParsedKey, data: Buffer, hash: string | undefined): Promise<Buffer> => {
    const identity = identities.find(({ publicKey }) => publicKey.getPublicSSH().equals(key.getPublicSSH()));
    return identity
      ? patience.hold(() => identity.sign(data, hash))
      : Promise.reject(new Error("no such key"));
  };
  return new (class extends library.BaseAgent {
    override getIdentities(done: (error: undefined, keys: ParsedKey[]) => void): void {
      tried.push(...identities.map(({ label }) => `publickey ${label}`));
      done(
        undefined,
        identities.map(({ publicKey }) => publicKey),
      );
    }
    override sign(key: ParsedKey, data: Buffer, ...rest: readonly unknown[]): void {
      const [options, done] = rest.length > 1 ? rest : [undefined, rest[0]];
      if (typeof done !== "function") return;
      signWith(key, data, hashIn(options)).then(
        (signature) => done(undefined, signature),
        (error: unknown) => done(error),
      );
    }
  })();
}

function hashIn(options: unknown): string | undefined {
  if (typeof options !== "object" || options === null || !("hash" in options)) return undefined;
  return typeof options.hash === "string" ? options.hash : undefined;
}

/** Passwords: the one from the environment once, then what a person types, three times at most. */
class Secrets {
  readonly #dealings: Dealings;
  #given: string | undefined;
  #tries: number;
  /** A keyboard-interactive that asks nothing we can answer is not tried again. */
  #keyboardIsUseless = false;
  /** Why the person did not answer. */
  failure: unknown;

  constructor(dealings: Dealings) {
    this.#dealings = dealings;
    this.#given = dealings.world.environment.REGCTL_SSH_PASSWORD || undefined;
    this.#tries = dealings.world.prompt.interactive ? triesOfAPerson : 0;
  }

  get left(): boolean {
    return this.#given !== undefined || this.#tries > 0;
  }

  get mayAnswerKeyboard(): boolean {
    return this.left && !this.#keyboardIsUseless;
  }

  async password(): Promise<string> {
    return this.#takeGiven() ?? (await this.#ask("Password", false));
  }

  beforeKeyboard(): void {
    this.#keyboardIsUseless = true;
  }

  answer(prompts: readonly KeyboardPrompt[], finish: (answers: string[]) => void): void {
    this.#answers(prompts).then(finish, (error: unknown) => {
      this.failure = error;
      finish([]);
    });
  }

  async #answers(prompts: readonly KeyboardPrompt[]): Promise<string[]> {
    const answers: string[] = [];
    const personal = this.#dealings.world.prompt.interactive;
    for (const { prompt, echo = false } of prompts) {
      const known = !echo && /pass(word|code)?/i.test(prompt) ? this.#takeGiven() : undefined;
      if (known === undefined && !personal) return [];
      answers.push(known ?? (await this.#ask(prompt.trim().replace(/:$/, ""), echo)));
    }
    this.#keyboardIsUseless = false;
    return answers;
  }

  #takeGiven(): string | undefined {
    const given = this.#given;
    this.#given = undefined;
    return given;
  }

  async #ask(question: string, echo: boolean): Promise<string> {
    const { patience, target, world } = this.#dealings;
    this.#tries -= 1;
    const asked = {
      host: target.name,
      question: `${question} for ${target.login}`,
      flag: "REGCTL_SSH_PASSWORD",
    };
    return await patience.hold(() =>
      echo
        ? world.prompt.text({ kind: "text", ...asked })
        : world.prompt.secret({ kind: "secret", ...asked }),
    );
  }
}
