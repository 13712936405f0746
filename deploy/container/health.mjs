// Whether the broker in this container lives: `node health.mjs [PORT]` ends with 0 if GET /health at loopback answers 200.
// It sends nothing but the path, so whose certificate that is does not matter: outside, another name than 127.0.0.1 stands in it.
import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";

const port = Number(process.argv[2] ?? 7998);

const asks = (request) => new Promise((answer) => {
  const asked = request({ host: "127.0.0.1", port, path: "/health", agent: false, rejectUnauthorized: false, timeout: 2000 }, (response) => {
    response.resume();
    answer(response.statusCode === 200);
  });
  asked.once("timeout", () => { asked.destroy(); });
  asked.once("error", () => { answer(false); });
  asked.end();
});

process.exit((await asks(overHttps)) || (await asks(overHttp)) ? 0 : 1);
