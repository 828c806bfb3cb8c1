/** What stands beside the engine: builders with settings of their own, and tunnels. */
import { quoteLine } from "../../explain/quote.ts";
import type { Check } from "../check.ts";
import { failed, ok, warning } from "../finding.ts";

export const builderCheck: Check = {
  id: "builder",
  needs: ["protocol"],
  judge: ({ builder, registry, server, insecure }) => {
    if (builder === null || registry === null || server === null) return null;
    const { name, driver, configured } = builder;
    const needsTelling = server.scheme === "http" || insecure.allowed;
    if (!needsTelling || insecure.by === "loopback" || configured.includes(registry.registry)) {
      return ok(`The builder ${name} (${driver}) needs no settings for this registry.`);
    }
    const file = `[registry."${registry.registry}"]\\n  ${server.scheme === "http" ? "http" : "insecure"} = true\\n`;
    return warning({
      code: "BUILDER_APART",
      message: `docker build uses the builder ${name} (${driver}), which does not read the engine's settings and has none for ${registry.registry}: pushing from a build fails.`,
      remedies: [
        `printf '${file}' > buildkitd.toml && docker buildx rm ${quoteLine([name])} && docker buildx create --name ${quoteLine([name])} --driver ${quoteLine([driver])} --buildkitd-config buildkitd.toml --use`,
        "Or build with the engine's own: docker buildx use default",
      ],
    });
  },
};

export const tunnelCheck: Check = {
  id: "tunnel",
  needs: [],
  judge: ({ tunnels, registry }) => {
    const up = tunnels.filter(({ state }) => state !== null);
    const mine = registry === null ? up : up.filter(({ local }) => local === registry.registry);
    if (mine.length === 0) return null;
    const bad = mine.find(({ healthy }) => !healthy);
    if (bad === undefined)
      return ok(`The way goes through a tunnel: ${mine.map(({ name }) => name).join(", ")}.`);
    return failed({
      code: "NOT_RUNNING",
      message: `The tunnel ${bad.name} (${bad.local}) is ${bad.state}, and no registry answers through it.`,
      remedies: [quoteLine(["regctl", "tunnel", "logs", bad.name])],
    });
  },
};

/** Without a registry: what there is. */
export const inventoryChecks: readonly Check[] = [
  {
    id: "registries",
    needs: ["engine"],
    judge: ({ registry, engine }) => {
      if (registry !== null || engine.effective === null) return null;
      const told = engine.effective.filter((entry) => entry !== "127.0.0.0/8" && entry !== "::1/128");
      return ok(
        told.length === 0
          ? "The engine has no registry that is listed as insecure."
          : `The engine takes these as insecure: ${told.join(", ")}.`,
      );
    },
  },
  {
    id: "servers",
    needs: [],
    judge: ({ registry, servers }) => {
      if (registry !== null) return null;
      return ok(
        servers.length === 0
          ? "No registry is served from this machine by regctl."
          : `Registries that regctl serves from this machine: ${servers.join(", ")}.`,
      );
    },
  },
];
