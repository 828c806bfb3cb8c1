/** Every message that is known. */
import { answerRows } from "./answers.ts";
import { buildkitRows } from "./buildkit.ts";
import { clientRows } from "./clients.ts";
import { clusterRows } from "./clusters.ts";
import { containerdRows } from "./containerd.ts";
import { daemonRows } from "./daemon.ts";
import { dockerRows } from "./docker.ts";
import { networkRows } from "./network.ts";
import { podmanRows } from "./podman.ts";
import { protocolRows } from "./protocol.ts";
import { refusalRows } from "./refusals.ts";
import type { MessageRow } from "./row.ts";
import { sshRows } from "./ssh.ts";
import { credentialRows } from "./stored-logins.ts";
import { tlsRows } from "./tls.ts";

export interface MessageSection {
  /** As docs/troubleshooting.md has it. */
  readonly title: string;
  readonly rows: readonly MessageRow[];
}

/** From the exact to the general: where two rows know the same words, the first one counts. */
export const messageSections: readonly MessageSection[] = [
  { title: "SSH", rows: sshRows },
  { title: "Settings and service of the docker engine", rows: daemonRows },
  { title: "Settings of Podman, Buildah and Skopeo", rows: podmanRows },
  { title: "containerd", rows: containerdRows },
  { title: "HTTP and HTTPS", rows: protocolRows },
  { title: "Certificates", rows: tlsRows },
  { title: "Proxies, names and connections", rows: networkRows },
  { title: "Stored logins", rows: credentialRows },
  { title: "Kubernetes, kind and minikube", rows: clusterRows },
  { title: "docker", rows: dockerRows },
  { title: "BuildKit and buildx", rows: buildkitRows },
  { title: "helm, oras and crane", rows: clientRows },
  { title: "Registries in trouble, and what stands before them", rows: answerRows },
  { title: "Registries that refuse", rows: refusalRows },
];

const rows = messageSections.flatMap((section) => section.rows);

/** Symptoms come last, whoever reports them. */
export const messageRows: readonly MessageRow[] = [
  ...rows.filter(({ symptom }) => symptom !== true),
  ...rows.filter(({ symptom }) => symptom === true),
];
