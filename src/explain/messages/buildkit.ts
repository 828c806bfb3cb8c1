/** BuildKit and buildx, about themselves. */
import type { MessageRow } from "./row.ts";

const who = "BuildKit";

export const buildkitRows: readonly MessageRow[] = [
  {
    id: "builder-unknown",
    says: 'no builder "NAME" found',
    match: /no builder "?(?<builder>[^"\n]{1,100})"? found/,
    who,
    means: ({ part }) => ({
      code: "NOT_FOUND",
      message: `There is no builder named ${part("builder", "so")}.`,
      remedies: ["docker buildx ls", "docker buildx create --use"],
    }),
  },
  {
    id: "driver-cannot-export",
    says: "Multi-platform build is not supported for the docker driver",
    match:
      /(?:Multi-platform build|Cache export|Attestation|OCI exporter|docker exporter)[^\n]{0,60} (?:is )?not (?:currently )?supported for the docker driver/,
    who,
    means: () => ({
      code: "ENGINE_ERROR",
      message:
        "The engine's own builder cannot do this; a builder in a container can, and reads its own settings for registries.",
      remedies: [
        "docker buildx create --driver docker-container --config buildkitd.toml --use",
        "Or the containerd image store: docker info -f '{{.DriverStatus}}'",
      ],
    }),
  },
  {
    id: "push-from-builder",
    says: "failed to solve: failed to push HOST:PORT/NAME:TAG",
    match: /(?:failed to solve|ERROR): [^\n]{0,60}failed to push (?<image>\S{1,300})/,
    who,
    symptom: true,
    means: ({ registry, named }) => ({
      code: "REGISTRY_ERROR",
      message: `The builder could not push to ${named}; a builder in a container has its own network and its own settings.`,
      remedies: [
        `regctl doctor ${registry}`,
        `Build into the engine and publish from there: docker buildx build --load -t NAME:TAG . && regctl publish NAME:TAG ${registry}/NAME:TAG`,
      ],
    }),
  },
  {
    id: "builder-dead",
    says: "failed to list workers: Unavailable: connection error",
    match:
      /failed to list workers: [^\n]{0,60}|buildkitd?[^\n]{0,80}(?:no such container|is not running)|error reading from server: EOF|transport is closing/,
    who,
    means: () => ({
      code: "ENGINE_UNREACHABLE",
      message: "The builder does not answer, or died while building.",
      remedies: ["docker buildx inspect --bootstrap", "docker buildx ls"],
    }),
  },
];
