// A program for tests, run by `vault run`: sends each of its secrets to the server at argv[2] in every way that `reflecting-server.ts` answers, and prints
// every byte that it gets back and its own environment. Then it says "ready" in the middle of requests that are never answered, and waits for the end of its standard input.
import { readFileSync } from "node:fs";
import { request as startRequest } from "node:http";
import { connect } from "node:tls";

const [, , authority, names] = process.argv;
const proxy = new URL(process.env.HTTPS_PROXY);
const ca = readFileSync(process.env.SSL_CERT_FILE, "latin1").split(/(?<=-----END CERTIFICATE-----\n)/)[0];

function open() {
  return new Promise((resolve, reject) => {
    const asked = startRequest({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: authority, headers: { "proxy-authorization": `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64")}` } });
    asked.on("connect", (_answer, socket) => {
      const secure = connect({ socket, ca, servername: "localhost" }, () => resolve(secure));
      secure.on("error", reject);
    });
    asked.on("error", reject).end();
  });
}

/** Everything that comes until the other side closes. */
async function converse(text) {
  const socket = await open();
  socket.on("error", () => undefined);
  socket.write(text);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) process.stdout.write(chunk);
  process.stdout.write("\n");
}

const head = (start, ...lines) => [`${start} HTTP/1.1`, `Host: ${authority}`, ...lines, "", ""].join("\r\n");
const pathsOfBody = ["/coded/identity", "/coded/gzip", "/coded/deflate", "/coded/deflate-raw", "/coded/br", "/chunks", "/head", "/trailers", "/events", "/cut"];

for (const name of names.split(",")) {
  const body = JSON.stringify({ value: process.env[name] });
  await Promise.all(pathsOfBody.map((path) => converse(head(`POST ${path}`, "Connection: close", "Content-Type: application/json", `Content-Length: ${body.length}`) + body)));
  // Some values can stand in no header: then this is a refusal, which is printed as well.
  await converse(head("GET /socket", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", `X-Api-Key: ${process.env[name]}`));
}
for (const name of names.split(",")) (await open()).on("error", () => undefined).write(head("GET /hold", `X-Api-Key: ${process.env[name]}`));
console.log(JSON.stringify(process.env));
console.error("ready");
process.stdin.resume().on("end", () => process.exit(0));
