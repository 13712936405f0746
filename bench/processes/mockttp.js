// The peer mockttp, with one header replaced and nothing else asked of it.
// node mockttp.js CERTIFICATE KEY PLACEHOLDER VALUE FOLDER: prints its port.
import { generateCACertificate, getLocal } from "mockttp";

const [certificate, , , value] = process.argv.slice(2);
const proxy = getLocal({ https: await generateCACertificate(), recordTraffic: false, suggestChanges: false });
await proxy.start();
await proxy.forAnyRequest().thenPassThrough({
  additionalTrustedCAs: [{ certPath: certificate }],
  transformRequest: { updateHeaders: { authorization: `Bearer ${value}` } },
});
console.log(proxy.port);
