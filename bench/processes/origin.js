// The server that everything leads to: a short JSON answer, or as many bytes as asked for, over TLS.
// node origin.js CERTIFICATE KEY: prints its port.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [certificate, key] = process.argv.slice(2).map((file) => readFileSync(file));
const answer = JSON.stringify({ id: "chatcmpl-8f1f6f0c", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content: "Good morning." }, finish_reason: "stop" }], usage: { prompt_tokens: 9, completion_tokens: 3 } });
const block = Buffer.alloc(64 * 1024, "A line of text that no secret stands in, and that is looked through all the same.\n");

const server = createServer({ cert: certificate, key, noDelay: true, keepAliveTimeout: 120_000 }, (request, response) => {
  const down = /^\/down\?([0-9]+)$/.exec(request.url);
  if (down !== null) sendBulk(response, Number(down[1]));
  else if (request.method === "PUT") takeBulk(request, response);
  else response.writeHead(200, { "content-type": "application/json", "content-length": answer.length, "x-request-id": "req_011CSHoEeqs5C35K2UUqR7Fy", "cache-control": "no-store" }).end(answer);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

function sendBulk(response, bytes) {
  response.writeHead(200, { "content-type": "text/plain", "content-length": bytes });
  let left = bytes;
  const send = () => {
    while (left > 0) {
      const part = left < block.length ? block.subarray(0, left) : block;
      left -= part.length;
      if (!response.write(part)) {
        response.once("drain", send);
        return;
      }
    }
    response.end();
  };
  send();
}

function takeBulk(request, response) {
  let bytes = 0;
  request.on("data", (chunk) => {
    bytes += chunk.length;
  });
  request.on("end", () => response.end(String(bytes)));
}
