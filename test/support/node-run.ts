// What surrounds a Node in a run, without the run: a proxy that leads every name to this machine, a TLS server behind it, and the run's folder.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendNodeOptions } from "../../src/run/clients/node-options.ts";
import { writeNodeRoutes } from "../../src/run/clients/node-routes.ts";
import { preloadWords } from "../../src/run/clients/preload-words.ts";
import { makeSelfSigned } from "./self-signed.ts";
import type { UserProxy } from "./user-proxy.ts";
import { openUserProxy } from "./user-proxy.ts";

export const BOUND_NAME = "api.example.test";

export interface NodeRun {
  readonly proxy: UserProxy;
  readonly folder: string;
  /** Of the TLS server, which answers with method, path and the length of the body. */
  readonly port: number;
  readonly url: string;
  /** What the environment of the run's Nodes holds, beside PATH. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the program says, on either stream. @param more over `variables`; an empty text leaves one out. */
  run(node: string, script: string, more?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

interface Rules {
  readonly denyUnmatched?: boolean;
  /** The word that the run's Nodes give the proxy, where it is not the right one. */
  readonly token?: string;
}

export async function openNodeRun({ denyUnmatched = false, token = "token" }: Rules = {}): Promise<NodeRun> {
  const top = mkdtempSync(join(tmpdir(), "vault-node-run-"));
  const folder = join(top, "run-12-0123456789abcdef");
  const caFile = join(folder, "ca.pem");
  mkdirSync(folder);
  const { certificate, key } = makeSelfSigned(BOUND_NAME);
  const origin = createServer({ key, cert: certificate }, (request, response) => {
    let bytes = 0;
    request.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("end", () => response.end(`${request.method ?? ""} ${request.url ?? ""} ${bytes}`));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const { port } = origin.address() as AddressInfo;
  const proxy = await openUserProxy("vault:token");
  const proxyUrl = `http://vault:${token}@127.0.0.1:${proxy.port}`;
  writeFileSync(caFile, certificate);
  writeNodeRoutes(folder, { proxyUrl, caCertificate: certificate, caFile, bound: [`${BOUND_NAME}:${port}`, `*.${BOUND_NAME}:${port}`], denyUnmatched });
  const variables = {
    NODE_OPTIONS: appendNodeOptions("", preloadWords(folder, new URL("../../dist/node-preload.cjs", import.meta.url))),
    NODE_EXTRA_CA_CERTS: caFile,
    NODE_USE_ENV_PROXY: "1",
    ...Object.fromEntries(["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].map((name) => [name, proxyUrl])),
  };
  return {
    proxy,
    folder,
    port,
    url: `https://${BOUND_NAME}:${port}`,
    variables,
    run(node, script, more = {}) {
      const given = Object.entries({ ...variables, ...more }).filter(([, value]) => value !== "");
      const child = spawn(node, ["-e", script], { cwd: top, env: { PATH: process.env["PATH"] ?? "", ...Object.fromEntries(given) } });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
      return new Promise((resolve) => child.once("close", () => { resolve(output.trim()); }));
    },
    async close() {
      await proxy.close();
      origin.closeAllConnections();
      await new Promise((resolve) => origin.close(resolve));
      rmSync(top, { recursive: true, force: true });
    },
  };
}
