// The floor: the least that a proxy which ends TLS on Node can do. No token, no rules, no scrubbing, no audit log, no refusals; one header replaced.
// node floor.js CERTIFICATE KEY PLACEHOLDER VALUE: prints its port.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createSecureContext, TLSSocket } from "node:tls";
import { Pool } from "undici";

const [certificate, key] = process.argv.slice(2, 4).map((file) => readFileSync(file));
const [placeholder, value] = process.argv.slice(4);
const secureContext = createSecureContext({ cert: certificate, key });
const pools = new Map();

const inner = createServer({ noDelay: true }, (request, response) => {
  const { host } = request.headers;
  if (!pools.has(host)) pools.set(host, new Pool(`https://${host}`, { connect: { ca: certificate }, headersTimeout: 0, bodyTimeout: 0 }));
  const headers = request.rawHeaders.map((text) => text.replace(placeholder, value));
  const body = request.headers["content-length"] === undefined ? null : request;
  pools.get(host).dispatch({ method: request.method, path: request.url, headers, body }, {
    onRequestStart() {},
    onResponseStart: (controller, status) => response.writeHead(status, controller.rawHeaders.map((bytes) => bytes.toString("latin1"))),
    onResponseData: (controller, chunk) => {
      if (response.write(chunk)) return;
      controller.pause();
      response.once("drain", () => controller.resume());
    },
    onResponseEnd: () => response.end(),
    onResponseError: () => response.destroy(),
  });
});

const outer = createServer().on("connect", (_request, socket) => {
  socket.setNoDelay(true);
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  const secure = new TLSSocket(socket, { isServer: true, secureContext });
  secure.on("error", () => socket.destroy()).once("secure", () => inner.emit("connection", secure));
  socket.on("error", () => secure.destroy());
});
outer.listen(0, "127.0.0.1", () => console.log(outer.address().port));
