// An HTTPS server as clients meet them in the wild: an API, downloads, a git remote, registries of npm, pip, cargo and images, models. It admits one token, and keeps what it was sent.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { gzipSync } from "node:zlib";
import { survive } from "./raw-sockets.ts";
import { serveBlob } from "./blob-store.ts";
import { IMAGE_TOKEN, serveImages } from "./image-registry.ts";
import { serveModel } from "./model-apis.ts";
import { makeSelfSigned } from "./self-signed.ts";

/** No name of this machine: some clients go past every proxy to `localhost`. The user's own proxy (`user-proxy.ts`) leads there. */
export const ORIGIN_HOST = "api.example.test";

/** What a bot is called by in its path, as Telegram wants it. */
export const BOT_TOKEN = "1234567890:AAtok7Qz0-real-value-of-the-clients-test";

/** Many times what any buffer on the way holds. */
export const DOWNLOAD_BYTES = 5_000_000;

export interface Origin {
  readonly port: number;
  readonly certificate: string;
  /** `GET /api Bearer`: method, path and how the token came, of each request that was admitted. */
  readonly admitted: () => readonly string[];
  /** Everything that headers and URLs said, as text. */
  readonly heard: () => string;
  close(): Promise<void>;
}

/** @param repositories a folder of bare git repositories, served below `/git/`. */
export async function openOrigin(token: string, repositories: string, host = ORIGIN_HOST): Promise<Origin> {
  const { certificate, key } = makeSelfSigned(host);
  const admitted: string[] = [];
  let heard = "";
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const { method = "", url = "" } = request;
    heard += `${method} ${url} ${request.rawHeaders.join(" ")}\n`;
    if (url === "/open") {
      response.end("for everybody\n");
      return;
    }
    if (/^\/v2\/(?:image\/|$)/.test(url)) {
      serveImages(url, request, response, `https://${host}:${(server.address() as AddressInfo).port}`);
      return;
    }
    const way = wayOf(request, token);
    if (way === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="here"' }).end("who are you?\n");
      return;
    }
    admitted.push(`${method} ${url} ${way}`);
    if (url.startsWith("/git/")) serveGit(request, response, repositories);
    else serveFile(request, response, `https://${host}:${(server.address() as AddressInfo).port}`);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    heard += `${request.url ?? ""} ${request.rawHeaders.join(" ")}\n`;
    const way = wayOf(request, token);
    survive(socket);
    if (way === undefined) socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    else {
      admitted.push(`GET ${request.url ?? ""} ${way}`);
      greetWebSocket(request, socket);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    admitted: () => admitted,
    heard: () => heard,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

function wayOf(request: IncomingMessage, token: string): string | undefined {
  const [scheme = "", value = ""] = (request.headers.authorization ?? "").split(" ");
  if (scheme.toLowerCase() === "bearer" && value === token) return "Bearer";
  if (scheme.toLowerCase() === "basic" && Buffer.from(value, "base64").toString().split(":").includes(token)) return "Basic";
  // cargo sends a token by itself, and gh calls it one.
  if (request.headers.authorization === token || (scheme === "token" && value === token)) return "token";
  if (request.url?.startsWith(`/bot${BOT_TOKEN}/`) === true) return "path";
  if (request.headers["x-goog-api-key"] === token) return "X-Goog-Api-Key";
  return request.headers["x-api-key"] === token ? "X-Api-Key" : undefined;
}

/** Opens a WebSocket (RFC 6455), says one word in it, and closes it. */
function greetWebSocket(request: IncomingMessage, socket: Duplex): void {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.end(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from("hello"), Buffer.from([0x88, 2, 0x03, 0xe8])]));
  socket.resume();
}

/** What clients of one API each want to read: Google's, Stripe's, Telegram's, GitHub's, Slack's, Twilio's, Amazon's, GitLab's, Kubernetes'. */
const DOCUMENTS: Readonly<Record<string, unknown>> = {
  "/json": { ok: true },
  "/v1/customers": { object: "list", url: "/v1/customers", has_more: false, data: [{ id: "cus_1", object: "customer" }] },
  "/bot/getMe": { ok: true, result: { id: 1, is_bot: true, first_name: "hello" } },
  "/user": { login: "hello" },
  "/api/auth.test": { ok: true, user: "hello" },
  "/2010-04-01/Accounts/AC0.json": { sid: "AC0", friendly_name: "hello" },
  "/bucket/key": "hello",
  "/api/v4/projects": [],
  "/api/v1/namespaces": { kind: "NamespaceList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [{ metadata: { name: "parcel" } }] },
};

function serveFile(request: IncomingMessage, response: ServerResponse, self: string): void {
  const path = (request.url ?? "").replace(BOT_TOKEN, "");
  const bare = path.replace(/\?.*/s, "");
  const document = DOCUMENTS[bare];
  if (serveModel(bare, request, response)) return;
  if (bare === "/image-token") response.end(JSON.stringify({ token: IMAGE_TOKEN }));
  else if (bare === "/container/blob") serveBlob(request, response);
  else if (path === "/redirect") response.writeHead(302, { location: "/api" }).end();
  else if (path === "/download") response.end(Buffer.alloc(DOWNLOAD_BYTES, "0123456789"));
  else if (path === "/npm/parcel") response.setHeader("content-type", "application/json").end(JSON.stringify(packument(self)));
  else if (path === "/npm/parcel.tgz") response.end(PARCEL);
  else if (path === "/pip/parcel/") response.setHeader("content-type", "text/html").end(`<a href="${self}/pip/parcel-1.0.0-py3-none-any.whl">parcel-1.0.0-py3-none-any.whl</a>`);
  else if (path === "/pip/parcel-1.0.0-py3-none-any.whl") response.end(WHEEL);
  else if (document !== undefined) response.setHeader("content-type", "application/json").end(JSON.stringify(document));
  else if (path.startsWith("/cargo/")) serveCargo(path.slice("/cargo".length), response, self);
  else {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("end", () => response.end(`${request.method ?? ""} ${path} ${bytes}\n`));
  }
}

/** A sparse registry of cargo's: what it is, what it has of one crate, and that crate. */
function serveCargo(path: string, response: ServerResponse, self: string): void {
  if (path === "/config.json") response.end(JSON.stringify({ dl: `${self}/cargo/crates/{crate}.crate`, "auth-required": true }));
  else if (path === "/pa/rc/parcel") response.end(`${JSON.stringify({ name: "parcel", vers: "1.0.0", deps: [], cksum: createHash("sha256").update(CRATE).digest("hex"), features: {}, yanked: false })}\n`);
  else if (path === "/crates/parcel.crate") response.end(CRATE);
  else response.writeHead(404).end();
}

/** git's own server, as CGI (RFC 3875): its answer's head is one of CGI's, with `Status` for what is not 200. */
function serveGit(request: IncomingMessage, response: ServerResponse, repositories: string): void {
  const url = new URL(request.url ?? "", `https://${ORIGIN_HOST}`);
  const { headers } = request;
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      GIT_PROJECT_ROOT: repositories,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname.slice("/git".length),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "",
      REMOTE_USER: "me",
      CONTENT_TYPE: headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
      ...(headers["content-length"] === undefined ? {} : { CONTENT_LENGTH: headers["content-length"] }),
    },
  });
  request.pipe(child.stdin).on("error", () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    for (const line of answer.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(": ");
      if (name === "Status") response.statusCode = parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(answer.subarray(end + 4));
  });
}

function packument(self: string): object {
  const integrity = `sha512-${createHash("sha512").update(PARCEL).digest("base64")}`;
  return { name: "parcel", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": { name: "parcel", version: "1.0.0", dist: { tarball: `${self}/npm/parcel.tgz`, integrity } } } };
}

/** A package of npm's: a tar archive (POSIX ustar) with one file. */
const PARCEL = gzipSync(Buffer.concat([tarEntry(join("package", "package.json"), '{"name":"parcel","version":"1.0.0"}'), Buffer.alloc(1024)]));

/** A crate of cargo's. */
const CRATE = gzipSync(Buffer.concat([tarEntry("parcel-1.0.0/Cargo.toml", '[package]\nname = "parcel"\nversion = "1.0.0"\nedition = "2021"\n'), tarEntry("parcel-1.0.0/src/lib.rs", ""), Buffer.alloc(1024)]));

function tarEntry(name: string, text: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name, 0);
  head.write("0000644\0", 100);
  head.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
  head.write("00000000000\0        0", 136);
  head.write("ustar\x0000", 257);
  head.write(`${head.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  body.write(text);
  return Buffer.concat([head, body]);
}

/** A package of pip's: a zip archive of stored files. */
const WHEEL = zip({
  "parcel.py": "",
  "parcel-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: parcel\nVersion: 1.0.0\n",
  "parcel-1.0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  "parcel-1.0.0.dist-info/RECORD": "parcel.py,,\nparcel-1.0.0.dist-info/METADATA,,\nparcel-1.0.0.dist-info/WHEEL,,\nparcel-1.0.0.dist-info/RECORD,,\n",
});

function zip(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  for (const [name, text] of Object.entries(files)) {
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(0x21, 8);
    head.writeUInt32LE(crc32(Buffer.from(text)), 10);
    head.writeUInt32LE(text.length, 14);
    head.writeUInt32LE(text.length, 18);
    head.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(locals.reduce((sum, part) => sum + part.length, 0), 10);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\0"), head, tail, Buffer.from(name)]));
    locals.push(Buffer.concat([Buffer.from("PK\x03\x04"), head, Buffer.from(name + text)]));
  }
  const [body, directory] = [Buffer.concat(locals), Buffer.concat(central)];
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(body.length, 12);
  return Buffer.concat([body, directory, Buffer.from("PK\x05\x06"), end]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
