// A registry of container images (the distribution specification of the OCI) with one image. As most do, it takes tokens of its own alone, which it gives for a password.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** What it gives for the password. */
export const IMAGE_TOKEN = "token-of-the-image-registry";

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
/** An archive of no files. */
const ARCHIVE = Buffer.alloc(1024);
const LAYER = gzipSync(ARCHIVE);
const CONFIG = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [digestOf(ARCHIVE)] } }));
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";
const MANIFEST = Buffer.from(JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST_TYPE,
  config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(CONFIG), size: CONFIG.length },
  layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digestOf(LAYER), size: LAYER.length }],
}));

/** Answers below `/v2/image/`, and at `/v2/`. @param self where it is, `https://host:port`. */
export function serveImages(path: string, request: IncomingMessage, response: ServerResponse, self: string): void {
  if (request.headers.authorization !== `Bearer ${IMAGE_TOKEN}`) {
    response.writeHead(401, { "www-authenticate": `Bearer realm="${self}/image-token",service="here",scope="repository:image:pull"` }).end();
    return;
  }
  const blob = [MANIFEST, CONFIG, LAYER].find((one) => path.endsWith(digestOf(one))) ?? (path.endsWith("/manifests/one") ? MANIFEST : undefined);
  if (path === "/v2/") response.end("{}");
  else if (blob === undefined) response.writeHead(404).end();
  else response.setHeader("content-type", blob === MANIFEST ? MANIFEST_TYPE : "application/octet-stream").setHeader("docker-content-digest", digestOf(blob)).end(blob);
}
