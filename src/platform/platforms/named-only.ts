/** Engines that no host tells of: they are there for one job, or where we have no shell. Named with `--platform`. Pure. */
import { quoteWord } from "../../explain/quote.ts";
import type { ChangeRequest, TrustRequest } from "../change-request.ts";
import type { RecognisedPlatform } from "../platform.ts";
import { editJson, flag, type PasteList, pasteLines } from "./paste-lines.ts";

type TrustLines = (registry: string, pem: readonly string[]) => readonly string[];

function named(
  name: string,
  title: string,
  why: string,
  paste: PasteList,
  trust: TrustLines,
  untrust: (registry: string) => readonly string[],
): RecognisedPlatform {
  const place = { folder: "/etc/docker/certs.d" };
  const lines = (request: ChangeRequest): readonly string[] => {
    if (request.kind === "trust") return trust(request.registry.registry, pemOf(request));
    if (request.kind !== "undo") return pasteLines(request, paste, place);
    const kinds = request.kinds.filter((kind) => kind !== "trust");
    const rest = kinds.length > 0 ? pasteLines({ ...request, kinds }, paste, place) : [];
    return [...(request.kinds.includes("trust") ? untrust(request.registry ?? "REGISTRY") : []), ...rest];
  };
  return { kind: "recognised", name, title, why, recognise: () => null, paste: lines };
}

function pemOf({ authority }: TrustRequest): readonly string[] {
  return authority.certificates.flatMap(({ pem }) => pem.trimEnd().split("\n"));
}

const windowsJson = "C:\\ProgramData\\docker\\config\\daemon.json";
/** A colon is no part of a file's name there: the engine leaves it out. */
const windowsFolder = (registry: string): string =>
  `C:\\ProgramData\\docker\\certs.d\\${registry.replaceAll(":", "")}`;

/** @see https://docs.docker.com/reference/cli/dockerd/#on-windows */
const windows = named(
  "windows",
  "Docker on Windows Server",
  "no shell of ours runs there",
  (action, item) => [
    `${editJson(action, item, windowsJson)}, without a byte order mark`,
    "Restart-Service docker",
  ],
  (registry, pem) => [
    `New-Item -ItemType Directory -Force -Path '${windowsFolder(registry)}'`,
    `Set-Content -Encoding ascii -Path '${windowsFolder(registry)}\\ca.crt' -Value ${pem.map((line) => `'${line}'`).join(",")}`,
  ],
  (registry) => [`Remove-Item -Recurse -Path '${windowsFolder(registry)}'`],
);

/** @see https://docs.gitlab.com/ci/docker/using_docker_build/ */
const gitlabDind = named(
  "gitlab-dind",
  "Docker in a service of a GitLab job",
  "it is there for one job, as the job's own file says",
  (action, item) =>
    action === "add"
      ? [
          "# in .gitlab-ci.yml, with the words that stand there already:",
          "services:",
          "  - name: docker:dind",
          `    command: ["${flag(item).replace(" ", "=")}"]`,
        ]
      : [
          `# in .gitlab-ci.yml, take "${flag(item).replace(" ", "=")}" out of the command of the service docker:dind`,
        ],
  (registry) => [
    `# on the machine of the runner, whose services then see the folder: regctl setup trust ${registry}`,
    "# in its config.toml, with what stands there already:",
    "[runners.docker]",
    '  volumes = ["/etc/docker/certs.d:/etc/docker/certs.d:ro"]',
  ],
  (registry) => [`# on the machine of the runner: regctl setup undo ${registry} --kind trust`],
);

/** A step of a workflow: shell, indented. */
const step = (lines: readonly string[]): readonly string[] => [
  "# in the workflow, before the first docker command:",
  "- run: |",
  ...lines.map((line) => `    ${line}`),
];
const buildkit = (lines: readonly string[]): readonly string[] => [
  "# and for docker/setup-buildx-action, whose builder reads none of it:",
  "  with:",
  "    buildkitd-config-inline: |",
  ...lines.map((line) => `      ${line}`),
];
const json = "/etc/docker/daemon.json";

/** @see https://github.com/docker/setup-buildx-action#inputs */
const githubActions = named(
  "github-actions",
  "the engine of a GitHub Actions runner",
  "it is there for one job, as the workflow says",
  (action, item) => {
    if (action === "remove") {
      return [`# take what names ${item.value} out of the workflow: nothing of it outlives a job`];
    }
    const filter = quoteWord(`."${item.key}" += ["${item.value}"]`);
    const lines = step([
      `sudo test -e ${json} || echo '{}' | sudo tee ${json}`,
      `sudo cat ${json} | jq ${filter} > "$RUNNER_TEMP/daemon.json"`,
      `sudo cp "$RUNNER_TEMP/daemon.json" ${json}`,
      "sudo systemctl reload docker",
    ]);
    return item.key === "registry-mirrors"
      ? [
          ...lines,
          ...buildkit([
            '[registry."docker.io"]',
            `  mirrors = ["${item.value.replace(/^https?:\/\/|\/$/g, "")}"]`,
          ]),
        ]
      : [...lines, ...buildkit([`[registry."${item.value}"]`, "  http = true"])];
  },
  (registry, pem) => {
    const folder = `/etc/docker/certs.d/${quoteWord(registry)}`;
    return [
      ...step([
        `sudo mkdir -p ${folder}`,
        `printf '%s\\n' ${pem.map(quoteWord).join(" ")} | sudo tee ${folder}/ca.crt`,
      ]),
      ...buildkit([`[registry."${registry}"]`, `  ca = ["/etc/docker/certs.d/${registry}/ca.crt"]`]),
    ];
  },
  (registry) => [`# take what names ${registry} out of the workflow: nothing of it outlives a job`],
);

export const namedOnly: readonly RecognisedPlatform[] = [windows, gitlabDind, githubActions];
