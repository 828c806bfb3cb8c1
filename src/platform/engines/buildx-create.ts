/** How a builder is made again as it was, with another file. Pure. */
import { quoteLine } from "../../explain/quote.ts";
import type { Builder } from "./buildx-site.ts";

/**
 * One command, for what runs in between must not end with it: whatever stops regctl after the first half, the shell goes
 * on to the second. Where the new file is not taken, the builder comes back with the earlier one, and the command fails.
 */
export function againCommand(builder: Builder, config: string, earlier: string): readonly string[] {
  const remove = quoteLine(["docker", "buildx", "rm", "--keep-state", builder.name]);
  const [make, back] = [config, earlier].map((path) => makeLine(builder, path));
  // One that was made and does not start is there all the same.
  return ["sh", "-c", `${remove} && { ${make} || { ${remove}; ${back}; exit 1; }; }`];
}

function makeLine(builder: Builder, config: string): string {
  const create = quoteLine(createWords(builder, config));
  const use = ["docker", "buildx", "use", "--global", builder.name];
  return builder.current === "global" ? `{ ${create} && ${quoteLine(use)}; }` : create;
}

/** With all that it was made with. */
function createWords(builder: Builder, config: string): readonly string[] {
  const { name, node, endpoint, platforms, options, flags, current, runs } = builder;
  return [
    ...["docker", "buildx", "create", "--name", name, "--node", node, "--driver", "docker-container"],
    ...Object.entries(options).flatMap(([key, value]) => ["--driver-opt", csv(`${key}=${value}`)]),
    ...(platforms.length > 0 ? ["--platform", platforms.join(",")] : []),
    ...(flags.length > 0 ? ["--buildkitd-flags", quoteLine(withoutRepeated(flags))] : []),
    ...["--config", config],
    ...(current === "context" ? ["--use"] : []),
    ...(runs ? ["--bootstrap"] : []),
    endpoint,
  ];
}

/** buildx puts an entitlement of its own behind those that it is given, once more each time. */
function withoutRepeated(flags: readonly string[]): readonly string[] {
  return flags.filter(
    (flag, at) => !flag.startsWith("--allow-insecure-entitlement=") || flags.indexOf(flag) === at,
  );
}

/** Options are read as a line of comma-separated values. */
function csv(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
