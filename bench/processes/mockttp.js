// The peer mockttp, with one header replaced and nothing else asked of it.
// node mockttp.js CERTIFICATE KEY PLACEHOLDER VALUE: prints its port. It trusts NODE_EXTRA_CA_CERTS: its own option for that costs it a walk through all roots for each request.
import { generateCACertificate, getLocal } from "mockttp";

const [, , , value] = process.argv.slice(2);
const proxy = getLocal({ https: await generateCACertificate(), recordTraffic: false, suggestChanges: false });
await proxy.start();
await proxy.forAnyRequest().thenPassThrough({
  transformRequest: { updateHeaders: { authorization: `Bearer ${value}` } },
});
console.log(proxy.port);
