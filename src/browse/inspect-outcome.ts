/** What `inspect` returns: exactly its JSON document (docs/json.md). */
import type { Digest } from "../registry/digest.ts";
import type { ItemError } from "./item-error.ts";

export interface InspectedLayer {
  readonly digest: Digest;
  /** Bytes as it travels; null where nobody told. */
  readonly size: number | null;
  readonly mediaType: string;
  /** The name of a file, on the layers of artifacts. */
  readonly title: string | null;
}

export interface HistoryStep {
  readonly createdBy: string | null;
  readonly created: string | null;
  readonly comment: string | null;
  /** Which of the layers it made, from 0; null for one that made none, and where the history does not say. */
  readonly layer: number | null;
}

export interface InspectedConfig {
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal: string | null;
  readonly author: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

export interface InspectedPlatform {
  /** `linux/amd64`; null for what is no image, and where nobody told. */
  readonly platform: string | null;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes that a pull moves: layers and configuration. */
  readonly size: number | null;
  readonly created: string | null;
  /** The base first. */
  readonly layers: readonly InspectedLayer[];
  /** Null for what is no image. */
  readonly config: InspectedConfig | null;
  readonly history: readonly HistoryStep[];
  readonly error?: ItemError;
}

export interface InspectedReferrer {
  readonly artifactType: string | null;
  readonly digest: Digest;
  /** Where cosign keeps it; null for what the list of referrers names. */
  readonly tag: string | null;
  /** Of its manifest, in bytes. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface InspectOutcome {
  /** In full. */
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly kind: "image" | "index" | "artifact" | "schema1";
  readonly artifactType: string | null;
  readonly annotations: Readonly<Record<string, string>>;
  /** The manifest that this one says something about. */
  readonly subject: Digest | null;
  /** One for what is no index. */
  readonly platforms: readonly InspectedPlatform[];
  /** Which of them the text shows in detail: that of this machine, else the first. */
  readonly shown: number;
  /** Entries of the index that say how an image was built. */
  readonly attestations: number;
  /** Null when the registry did not let itself be asked. */
  readonly referrers: readonly InspectedReferrer[] | null;
  /** Present, and false, when some platform has an error. */
  readonly ok?: false;
}
