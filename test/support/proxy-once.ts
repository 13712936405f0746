// A program of its own that puts one value through the proxy in every way, so that a test can look at what Node prints meanwhile.
import { ask } from "./proxy-child.ts";
import { makeGrant, openTestRun } from "./proxy-run.ts";
import { openRawServer, plainAnswer } from "./raw-server.ts";
import { makeTestCa } from "./test-ca.ts";

/** In pieces, so that no trace of this program's own text shows it. */
const VALUE = ["VALUE", "never", "to", "be", "seen"].join("-");

const ca = makeTestCa();
const server = await openRawServer(ca.identityFor("api.example.test"), (request, socket) => {
  if (!request.includes("/break")) return plainAnswer(VALUE, `X-Echo: ${VALUE}`);
  socket.destroy();
  return undefined;
});
const host = `api.example.test:${server.port}`;
const grant = makeGrant("API_KEY", [host], { value: VALUE, places: ["basic", "body", "header", "path", "query"] });
const elsewhere = makeGrant("OTHER", ["other.example.test"], { value: `${VALUE}-2` });
const { proxy } = await openTestRun([grant, elsewhere], { roots: [ca.certificate] });
const statuses: number[] = [];
for (const [path, header] of [
  ["/", `Authorization: Bearer ${grant.placeholder}`],
  ["/", `X-Api-Key: ${elsewhere.placeholder}`],
  ["/break", `Authorization: Basic ${Buffer.from(`user:${grant.placeholder}`).toString("base64")}`],
  [`/?key=${grant.placeholder}`, "X: y"],
  [`/bot/${grant.placeholder}/break`, "X: y"],
] as const) {
  statuses.push((await ask(proxy, host, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${header}\r\n\r\n`)).status);
}
statuses.push((await ask(proxy, host, `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/plain\r\nContent-Length: ${grant.placeholder.length}\r\n\r\n${grant.placeholder}`)).status);
await proxy.close();
await server.close();
console.log(`done ${statuses.join(" ")}`);
