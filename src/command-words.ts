/** What the manifest says of commands, as far as help and completion show it. */

export interface ArgumentWords {
  readonly name: string;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly hidden?: boolean | undefined;
}

export interface FlagWords {
  readonly name: string;
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly helpGroup?: string | undefined;
  readonly hidden?: boolean | undefined;
  /** Of one that takes no value. */
  readonly allowNo?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  /** Of one that takes a value. */
  readonly helpValue?: string | readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
  readonly default?: unknown;
}

export interface CommandWords {
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly examples?: readonly (string | { readonly command: string })[] | undefined;
  readonly args: Readonly<Record<string, ArgumentWords>>;
  readonly flags: Readonly<Record<string, FlagWords>>;
}

export interface ProgramWords {
  /** By their ids: words joined by `:`. */
  readonly commands: Readonly<Record<string, CommandWords>>;
  /** Descriptions of words that are no command of their own, as `setup`. */
  readonly topics: Readonly<Record<string, string>>;
  /** Pages of `help PAGE`: name and what it is about. */
  readonly pages: Readonly<Record<string, string>>;
}
