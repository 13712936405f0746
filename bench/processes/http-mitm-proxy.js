// The peer http-mitm-proxy, with one header replaced and nothing else asked of it.
// node http-mitm-proxy.js CERTIFICATE KEY PLACEHOLDER VALUE FOLDER: prints its port.
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { Proxy } from "http-mitm-proxy";

const [certificate, , placeholder, value, folder] = process.argv.slice(2);
const proxy = new Proxy();
proxy.onError(() => undefined);
proxy.onRequest((context, done) => {
  const { headers } = context.proxyToServerRequestOptions;
  headers.authorization = headers.authorization?.replace(placeholder, value);
  done();
});
proxy.listen({ host: "127.0.0.1", port: 0, keepAlive: true, sslCaDir: folder, httpsAgent: new Agent({ keepAlive: true, ca: readFileSync(certificate) }) }, () => console.log(proxy.httpPort));
