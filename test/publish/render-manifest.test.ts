import assert from "node:assert/strict";
import { it } from "node:test";
import type { PackedLayer } from "../../src/publish/packed-layer.ts";
import { canHold, renderManifest } from "../../src/publish/render-manifest.ts";
import { parseManifest } from "../../src/registry/manifest.ts";

/** SOURCE: `docker push` by docker.io 20.10.24 to docker-registry 2.8.2, the manifest as the registry holds it. */
const pushed = `{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
   "config": {
      "mediaType": "application/vnd.docker.container.image.v1+json",
      "size": 2637,
      "digest": "sha256:453dc16da9b820e384e7bfe7b37299fad397974c7c3f5040863a63c6b9903e9a"
   },
   "layers": [
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 1064343,
         "digest": "sha256:318bcc98985b1200feb3812d691e6b3a03c3a8c65472b30c08775ee4e02a2029"
      },
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 104,
         "digest": "sha256:d8d9f05165129bf4d8a5b925d78fef6c640e1412cf1333e40776a2b1ef399f7f"
      }
   ]
}`;

const config = {
  size: 2637,
  digest: "sha256:453dc16da9b820e384e7bfe7b37299fad397974c7c3f5040863a63c6b9903e9a",
} as const;
const layers: readonly PackedLayer[] = [
  {
    size: 1064343,
    digest: "sha256:318bcc98985b1200feb3812d691e6b3a03c3a8c65472b30c08775ee4e02a2029",
    algorithm: "gzip",
    unpacked: null,
  },
  {
    size: 104,
    digest: "sha256:d8d9f05165129bf4d8a5b925d78fef6c640e1412cf1333e40776a2b1ef399f7f",
    algorithm: "gzip",
    unpacked: 2048,
  },
];

it("is the manifest of docker push, to the byte", () => {
  const { bytes, mediaType, descriptor } = renderManifest("docker", config, layers);
  assert.equal(bytes.toString(), pushed);
  assert.equal(descriptor.size, bytes.length);
  assert.equal(mediaType, "application/vnd.docker.distribution.manifest.v2+json");
});

it("is an OCI manifest with a type for every packing", () => {
  const packed = (["gzip", "zstd", "none"] as const).map((algorithm) => ({ ...layers[0], algorithm }));
  const all = packed.flatMap((layer) => (layer.digest === undefined ? [] : [{ ...layers[1], ...layer }]));
  const { bytes, mediaType } = renderManifest("oci", config, all as readonly PackedLayer[]);
  const manifest = parseManifest(bytes, mediaType, "a test");
  assert.ok(manifest.kind === "image");
  assert.deepEqual(
    manifest.layers.map((layer) => layer.mediaType.replace("application/vnd.oci.image.layer.v1.", "")),
    ["tar+gzip", "tar+zstd", "tar"],
  );
});

it("knows that Docker's format has no zstd", () => {
  assert.deepEqual(
    (["gzip", "none", "zstd"] as const).map((algorithm) => canHold("docker", algorithm)),
    [true, true, false],
  );
  assert.equal(canHold("oci", "zstd"), true);
});
