// A program drops the variables that lead it to the proxy, or never heeds them, and dials the bound host by itself, with TLS, without, without looking at certificates. Nobody can keep
// it from that without a sandbox. All that it holds is a placeholder, so a placeholder is what the host gets; and what it finds of the run, a file, a variable, its
// own parent's arguments, has no value in it either.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeVault } from "../../src/app/keys/make-vault.ts";
import { createSecret } from "../../src/app/secrets/secrets.ts";
import { Secret } from "../../src/secret.ts";
import { makeHomeIn } from "../support/home.ts";
import { NODE, RUN_JS } from "../support/program.ts";
import { VALUE } from "../support/proxy-run.ts";
import type { RawServer } from "../support/raw-server.ts";
import { openRawServer, plainAnswer } from "../support/raw-server.ts";
import { makeSelfSigned } from "../support/self-signed.ts";
import { makeFolder } from "../support/temporary.ts";

const { certificate, key } = makeSelfSigned("localhost");
let server: RawServer;
let plain: RawServer;
beforeAll(async () => {
  server = await openRawServer({ cert: certificate, key }, () => plainAnswer("fine"));
  plain = await openRawServer(undefined, () => plainAnswer("fine"));
});
afterAll(async () => {
  await server.close();
  await plain.close();
});

/** What a program prints that `vault run` starts as `node -e`, with a secret for both servers. @param starter what stands before Node. */
async function runProgram(program: string, starter: readonly string[] = []): Promise<string> {
  const folder = makeFolder();
  const { surroundings } = makeHomeIn(folder);
  await makeVault(surroundings, { provider: "file", path: undefined });
  const secret = { name: "API_KEY", scope: { kind: "global" }, service: undefined, hosts: [`localhost:${server.port}`, `localhost:${plain.port}`], places: ["header"], allowPrivate: true } as const;
  await createSecret(surroundings, secret, () => Promise.resolve(Secret.fromText(VALUE)));
  writeFileSync(join(folder, "server.pem"), certificate);
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, ...surroundings.variables };
  const run = spawn(NODE, [RUN_JS, "run", "--upstream-ca", join(folder, "server.pem"), "--", ...starter, NODE, "-e", program], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [run.stdout, run.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(run, "close");
  return output;
}

/** Dials by itself, says what it was told, and prints what it got. */
const dial = (module: string, port: number, options: string): string =>
  `const {API_KEY} = process.env; const socket = require("node:${module}").connect({host: "localhost", port: ${port}, ${options}}, () => socket.write("GET / HTTP/1.1\\r\\nHost: localhost:${port}\\r\\nX-Api-Key: " + API_KEY + "\\r\\n\\r\\n")); socket.on("data", (data) => { console.log(API_KEY, String(data)); socket.destroy(); })`;

describe("a program that goes past the proxy", () => {
  it.each<[string, () => RawServer, () => string]>([
    ["with TLS", () => server, () => dial("tls", server.port, `ca: require("node:fs").readFileSync(process.env.SSL_CERT_FILE)`)],
    ["with TLS that trusts anybody", () => server, () => dial("tls", server.port, "rejectUnauthorized: false")],
    ["without TLS", () => plain, () => dial("net", plain.port, "")],
  ])("%s has the host get a placeholder", async (_how, to, program) => {
    const before = to().received().length;
    const output = await runProgram(program(), ["env", "-u", "NODE_OPTIONS"]);
    const placeholder = /^(vault_ph_\w+) HTTP\/1\.1 200/m.exec(output)?.[1] ?? "none";
    expect(to().received().slice(before)).toContain(`X-Api-Key: ${placeholder}\r\n`);
    expect(to().received()).not.toContain(VALUE);
    expect(output).not.toContain(VALUE);
  });

  it("finds no value in its variables, its own memory of them, or what Linux shows of the run", async () => {
    const output = await runProgram(`
      const { readFileSync } = require("node:fs");
      const show = (path) => { try { console.log(path, readFileSync(path, "latin1").replaceAll("\\0", "\\n")); } catch (error) { console.log(path, error.code); } };
      console.log(process.env, process.argv);
      for (const pid of ["self", process.ppid]) for (const file of ["environ", "cmdline"]) show("/proc/" + pid + "/" + file);
      for (const name of Object.keys(process.env)) if (process.env[name].startsWith("/")) show(process.env[name]);`);
    expect(output).toContain("API_KEY");
    for (const form of [VALUE, Buffer.from(VALUE).toString("base64"), Buffer.from(VALUE).toString("hex"), encodeURIComponent(VALUE)]) expect(output).not.toContain(form);
  });

  it("has the host get the value when it goes through the proxy after all", async () => {
    await runProgram(`fetch("https://localhost:${server.port}/", {headers: {"x-api-key": process.env.API_KEY}}).then((answer) => answer.text()).then(console.log)`);
    expect(server.received()).toMatch(new RegExp(`x-api-key: ${VALUE.replace(/[+/~.-]/g, "\\$&")}\r\n`, "i"));
  });
});
