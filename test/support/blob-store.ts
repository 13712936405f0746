// A store of blobs as Azure has it, as far as its clients need for one blob: put it, and get it in parts.
import type { IncomingMessage, ServerResponse } from "node:http";

/** What was put last, by path. */
const blobs = new Map<string, Buffer>();

export function serveBlob(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("etag", '"one"').setHeader("last-modified", new Date().toUTCString()).setHeader("x-ms-version", "2021-08-06").setHeader("x-ms-blob-type", "BlockBlob");
  if (request.method === "PUT") {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part)).on("end", () => {
      blobs.set(pathOf(request), Buffer.concat(parts));
      response.writeHead(201).end();
    });
    return;
  }
  const blob = blobs.get(pathOf(request)) ?? Buffer.alloc(0);
  const asked = String(request.headers["x-ms-range"] ?? request.headers.range ?? "");
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(asked) ?? [];
  const part = first === undefined ? blob : blob.subarray(Number(first), last === "" ? undefined : Number(last) + 1);
  if (first !== undefined) response.setHeader("content-range", `bytes ${first}-${Number(first) + part.length - 1}/${blob.length}`);
  response.writeHead(first === undefined ? 200 : 206, { "content-type": "application/octet-stream", "content-length": part.length }).end(part);
}

function pathOf({ url = "", headers: { host = "" } }: IncomingMessage): string {
  return host + url.replace(/\?.*/s, "");
}
