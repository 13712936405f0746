// Not the program dials, but its accomplice: it listens on every address, at a port that is known, and waits for somebody outside to fetch what it has.
import { networkInterfaces } from "node:os";
import { expect } from "vitest";
import { NODE } from "../support/program.ts";
import { says, story } from "../support/escape-stage.ts";
import { connect } from "../support/raw-sockets.ts";

const PORT = 20_000 + (process.pid % 10_000);
const addresses = ["127.0.0.1", ...Object.values(networkInterfaces()).flat().flatMap((at) => (at !== undefined && !at.internal && at.family === "IPv4" ? [at.address] : []))];

story("what listens inside is heard by nobody outside", async (wall) => {
  const run = wall.start(`"${NODE}" -e 'require("net").createServer((socket) => socket.end("fetched")).listen(${PORT}, "0.0.0.0", () => console.log("listening")).on("error", ({ code }) => console.log("listening", code))'`);
  await says(run, "listening");
  const answers = await Promise.all(addresses.map((address) => new Promise((resolve) => {
    connect(PORT, address).on("connect", () => { resolve("connected"); }).on("error", () => { resolve("refused"); });
  })));
  run.kill("SIGTERM");
  expect(answers).toEqual(addresses.map(() => "refused"));
});
