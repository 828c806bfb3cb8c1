/** How an image is packed: `--compression` and `--format`. Pure. */
import { RegctlError } from "../errors.ts";
import { type Compression, parseCompression, usualCompression } from "../transfer/compression/compression.ts";
import { canHold, type ManifestFormat } from "./render-manifest.ts";

export interface Shape {
  readonly compression: Compression;
  readonly format: ManifestFormat;
  /** Something of it was asked for; otherwise what the registry has of the image will do in any shape. */
  readonly asked: boolean;
}

/** Throws USAGE. */
export function chooseShape(compression: string | undefined, format: ManifestFormat | undefined): Shape {
  const packing = compression === undefined ? usualCompression : parseCompression(compression);
  const usual = canHold("docker", packing.algorithm) ? "docker" : "oci";
  if (format !== undefined && !canHold(format, packing.algorithm)) {
    throw new RegctlError("USAGE", {
      problem: `Docker's format knows no layers packed with ${packing.algorithm}`,
      type: `--compression ${packing.algorithm} --format oci`,
    });
  }
  return {
    compression: packing,
    format: format ?? usual,
    asked: compression !== undefined || format !== undefined,
  };
}

/** Throws USAGE: what is packed already goes as it is. `what`: the image. */
export function refuseShape({ asked }: Shape, what: string): void {
  if (!asked) return;
  throw new RegctlError("USAGE", {
    problem: `${what} holds its layers as they travel, and they go byte for byte: --compression and --format are for layers that are not packed`,
    type: "regctl publish IMAGE NAME:TAG",
  });
}

export const zstdWarning =
  'the layers are packed with zstd: engines before 23.0 download them and then fail with "unexpected EOF"';
