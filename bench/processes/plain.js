// What most would write: a proxy that ends TLS, by undici's request() and Node's streams. Nothing but one header replaced, as in floor.js.
// node plain.js CERTIFICATE KEY PLACEHOLDER VALUE: prints its port.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createSecureContext, TLSSocket } from "node:tls";
import { Agent, request as send } from "undici";

const [cert, key] = process.argv.slice(2, 4).map((file) => readFileSync(file));
const [placeholder, value] = process.argv.slice(4);
const secureContext = createSecureContext({ cert, key });
const dispatcher = new Agent({ connect: { ca: cert } });

const inner = createServer(async (request, response) => {
  const { method, headers, url } = request;
  const body = method === "GET" ? null : request;
  const answer = await send(`https://${headers.host}${url}`, { dispatcher, method, headers: { ...headers, authorization: headers.authorization?.replace(placeholder, value) }, body });
  response.writeHead(answer.statusCode, answer.headers);
  answer.body.pipe(response);
});

const outer = createServer().on("connect", (_request, socket) => {
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  const secure = new TLSSocket(socket, { isServer: true, secureContext });
  secure.on("error", () => socket.destroy()).once("secure", () => inner.emit("connection", secure));
  socket.on("error", () => secure.destroy());
});
outer.listen(0, "127.0.0.1", () => console.log(outer.address().port));
