/** The docker command line and the engine, about themselves. */
import type { MessageRow } from "./row.ts";

const journal = "sudo journalctl -u docker -n 50";
const who = "docker";

export const dockerRows: readonly MessageRow[] = [
  {
    id: "manifest-over-http",
    says: "no such manifest: HOST:PORT/NAME:TAG",
    match: /no such manifest: (?<image>\S{1,300})/,
    who,
    means: ({ registry, named }) => [
      {
        code: "NOT_FOUND",
        message: `docker manifest asked ${named} by itself: it is not there, or it speaks plain HTTP, which this command does not try.`,
        remedies: [
          `regctl inspect ${registry}/NAME:TAG`,
          `docker manifest inspect --insecure ${registry}/NAME:TAG`,
        ],
      },
    ],
  },
  {
    id: "socket-forbidden",
    says: "permission denied while trying to connect to the Docker daemon socket",
    match:
      /permission denied while trying to connect to the docker (?:daemon socket|API)|dial unix \S{0,100}docker\.sock: connect: permission denied|connect EACCES \S{0,100}docker\.sock/i,
    who,
    means: () => ({
      code: "NO_RIGHTS",
      message: "The engine runs, and this user may not talk to it.",
      remedies: [
        "To be let in from the next login on: sudo usermod -aG docker $USER",
        "For one command: sudo docker …",
        "ls -l /var/run/docker.sock",
      ],
    }),
  },
  {
    id: "engine-ssh",
    says: "command [ssh -l USER -- HOST docker system dial-stdio] has exited with exit status 127: stderr=…",
    match:
      /docker system dial-stdio\] has exited with exit status \d{1,3}(?!\n)[^\n]{0,200}stderr=(?<said>[^\n]{0,200})|DOCKER_HOST=ssh[^\n]{0,200}exec: "ssh"/,
    who,
    symptom: true,
    means: ({ part }) => ({
      code: "ENGINE_UNREACHABLE",
      message: `The engine is reached over SSH, and that failed: ${part("said", "").trim().slice(0, 100) || "it said nothing"}.`,
      remedies: ["ssh USER@HOST docker version", "docker context ls"],
    }),
  },
  {
    id: "cannot-connect-engine",
    says: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    match:
      /Cannot connect to the Docker daemon(?: at (?<endpoint>[a-z]{2,6}:\/\/[^\s]{1,200}?)\. )?|error during connect: [^\n]{0,300}(?:docker_engine|cannot find the file)|connect (?:ECONNREFUSED|ENOENT) \S{0,100}docker\.sock|dial unix \S{0,100}docker\.sock: connect: (?:connection refused|no such file)/,
    who,
    means: ({ part }) => {
      const endpoint = part("endpoint", "its usual socket");
      const remedies = ["sudo systemctl start docker", "docker context ls; echo $DOCKER_HOST", journal];
      return {
        code: "ENGINE_UNREACHABLE",
        message: `No engine answers at ${endpoint}: it is not running, or the docker command looks for it in another place.`,
        remedies,
      };
    },
  },
  {
    id: "api-version",
    says: "client version 1.52 is too new. Maximum supported API version is 1.41",
    match:
      /client version (?<client>[\d.]{1,8}) is too (?<way>new|old)\. M\w{6} supported API version is (?<api>[\d.]{1,8})|client is newer than server/,
    who,
    means: ({ part }) => ({
      code: "ENGINE_ERROR",
      message: `The docker command and the engine are too far apart in age${part("way", "") === "old" ? ": the command is the older one" : ""}.`,
      remedies: [`For this shell: export DOCKER_API_VERSION=${part("api", "1.41")}`, "docker version"],
    }),
  },
  {
    id: "uppercase-name",
    says: "invalid reference format: repository name must be lowercase",
    match: /invalid reference format: repository name (?:\(\S{1,253}\) )?must be lowercase/,
    means: () => ({
      code: "BAD_REFERENCE",
      message: "The name of an image has no capital letters.",
      remedies: ["Type it in lower case: HOST:PORT/name:TAG"],
    }),
  },
  {
    id: "bad-reference",
    says: "invalid reference format",
    match: /invalid reference format|could not parse reference|invalid reference:/,
    means: () => ({
      code: "BAD_REFERENCE",
      message:
        "This is not the name of an image: it has a scheme, a space, an empty part, or an address of IPv6 on an engine before 25.",
      remedies: [
        "Type it as [HOST[:PORT]/]NAME[:TAG], without http://",
        "In a script, look for a variable that is empty: set -u",
      ],
    }),
  },
  {
    id: "no-local-image",
    says: "An image does not exist locally with the tag: NAME",
    match:
      /An image does not exist locally with the tag: (?<image>\S{1,253})|tag does not exist: (?<image2>\S{1,253})|No such image: (?<image3>\S{1,253})/,
    who,
    means: ({ part }) => ({
      code: "IMAGE_MISSING",
      message: `The engine has no image ${part("image", part("image2", part("image3", "of this name")))}.`,
      remedies: ["regctl images", "docker tag IMAGE HOST:PORT/NAME:TAG"],
    }),
  },
  {
    id: "no-platform",
    says: "no matching manifest for linux/arm64/v8 in the manifest list entries",
    match:
      /no matching manifest for (?<platform>[\w/.-]{1,60})|no match for platform in manifest|no image found in (?:image index|manifest list) for|does not match the specified platform|does not provide the specified platform|exec format error/,
    means: ({ registry, part }) => ({
      code: "PLATFORM_MISSING",
      message: `The image has no variant for ${part("platform", "this machine")}.`,
      remedies: [
        `See which it has: regctl inspect ${registry}/NAME:TAG`,
        `docker buildx build --platform linux/amd64,linux/arm64 --push -t ${registry}/NAME:TAG .`,
      ],
    }),
  },
  {
    id: "login-needs-terminal",
    says: "Cannot perform an interactive login from a non TTY device",
    match: /Cannot perform an interactive login from a non[ -]TTY device/,
    means: ({ registry }) => ({
      code: "MISSING_ANSWER",
      message: "The login would ask for name and password, and there is no terminal.",
      remedies: [`regctl login ${registry} --username NAME --password-stdin <password.txt`],
    }),
  },
  {
    id: "layer-unreadable",
    says: "failed to register layer: unexpected EOF",
    match:
      /failed to register layer: [^\n]{0,200}(?:unexpected EOF|archive\/tar: invalid tar header|Unrecognized)|invalid tar header|application\/vnd\.oci\.image\.layer\.v1\.tar\+zstd[^\n]{0,80}(?:not supported|unsupported)/,
    who,
    means: () => ({
      code: "ENGINE_TOO_OLD",
      message:
        "The engine cannot unpack a layer: it is packed with zstd and the engine is older than 23, or it arrived damaged.",
      remedies: ["Publish it again with gzip: regctl publish IMAGE NAME:TAG", "docker version"],
    }),
  },
];
