/** What a token allows: `repository:team/app:pull,push`. Pure. */

export interface Scope {
  /** `repository`, `registry`. */
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

export type RepositoryAction = "pull" | "push" | "delete" | "*";

export function repositoryScope(repository: string, ...actions: readonly RepositoryAction[]): Scope {
  return { type: "repository", name: repository, actions };
}

/** The list of all repositories. */
export const catalogScope: Scope = { type: "registry", name: "catalog", actions: ["*"] };

/** A list separated by spaces. Names may hold colons (`host:5000/app`), so each is cut from both ends. */
export function parseScopes(text: string): readonly Scope[] {
  return text.split(/\s+/).flatMap((part) => {
    const first = part.indexOf(":");
    const last = part.lastIndexOf(":");
    if (first <= 0 || last <= first + 1) return [];
    const actions = part
      .slice(last + 1)
      .split(",")
      .filter((action) => action !== "");
    return [{ type: part.slice(0, first), name: part.slice(first + 1, last), actions }];
  });
}

/** One text for one meaning: actions sorted and once each. */
export function renderScope({ type, name, actions }: Scope): string {
  return `${type}:${name}:${[...new Set(actions)].sort().join(",")}`;
}

/** One scope for each resource, sorted: equal sets have equal renderings, which makes them keys of a cache. */
export function mergeScopes(...sets: readonly (readonly Scope[])[]): readonly Scope[] {
  const merged = new Map<string, Scope>();
  for (const { type, name, actions } of sets.flat()) {
    const key = `${type}:${name}`;
    const all = new Set([...(merged.get(key)?.actions ?? []), ...actions]);
    merged.set(key, { type, name, actions: [...all].sort() });
  }
  return [...merged.keys()].sort().flatMap((key) => merged.get(key) ?? []);
}

/** Whether whoever holds `granted` needs to ask for nothing more. */
export function coversScopes(granted: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.every(({ type, name, actions }) => {
    const held = granted.filter((scope) => scope.type === type && scope.name === name);
    const allowed = new Set(held.flatMap((scope) => scope.actions));
    return actions.every((action) => allowed.has(action) || allowed.has("*"));
  });
}
