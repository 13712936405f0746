// Somebody at a machine that has nothing yet: a fresh home, a project in it, and servers that stand in for every host that a page asks.
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SecureContext } from "node:tls";
import { createSecureContext } from "node:tls";
import { NODE } from "../support/program.ts";
import { findProgram } from "../support/readable-program.ts";
import { removeFolder } from "../support/remove-folder.ts";
import { makeTestCa } from "../support/test-ca.ts";
import type { UserProxy } from "../support/user-proxy.ts";
import { openUserProxy } from "../support/user-proxy.ts";
import type { Block } from "./page-blocks.ts";
import { ROOT } from "./page-blocks.ts";

export interface Beginning {
  /** Files that the reader has already, in the project; `~/` is the home. */
  readonly files?: Readonly<Record<string, string>>;
  /** Programs that are not the page's subject, as shell scripts. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
  /** Lines of a shell that the reader has typed long ago. */
  readonly before?: string;
  /** Folders of vaults, beside the usual one, whose runs trust the servers here. */
  readonly rootsIn?: readonly string[];
  /** Prompts, as expressions, and what is typed there in a block with this first line, at a terminal of its own. */
  readonly typed?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
}

export interface Finished {
  readonly status: number;
  readonly output: string;
}

export interface PageStage {
  /** Types a block, in the shell that the ones before have left: its folder and its exported variables. */
  type(block: Block): Promise<Finished>;
  /** All that a host was sent: request lines, heads and bodies. */
  heard(host: string): string;
  close(): Promise<void>;
}

export async function openPageStage({ files = {}, programs = {}, variables = {}, rootsIn = [], typed = {} }: Beginning): Promise<PageStage> {
  const folder = mkdtempSync(join(tmpdir(), "vault-page-"));
  const home = join(folder, "home");
  const [project, bin] = [join(home, "project"), join(home, "bin")];
  const ca = makeTestCa();
  const servers = await openServers((host) => createSecureContext(ca.identityFor(host)));
  for (const path of [project, bin, join(home, ".run"), join(home, ".local/share/vault")]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const roots = ["~/.local/share/vault", ...rootsIn].map((place) => [`${place}/roots.pem`, ca.certificate] as const);
  for (const [name, text] of [...roots, ...Object.entries(files)]) {
    const path = name.startsWith("~/") ? join(home, name.slice(2)) : join(project, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
  for (const [name, script] of Object.entries({ vault: `exec "${NODE}" "${findProgram(home, {})}" "$@"`, ...programs })) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    chmodSync(join(bin, name), 0o755);
  }
  symlinkSync(NODE, join(bin, "node"));
  const environment = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: home, XDG_RUNTIME_DIR: join(home, ".run"), HTTPS_PROXY: `http://me:there@127.0.0.1:${servers.proxy.port}`, SHELL: "/bin/sh", ...variables };
  const [state, cwd] = [join(folder, "exported"), join(folder, "cwd")];
  writeFileSync(state, "");
  writeFileSync(cwd, project);
  return {
    async type({ text }) {
      const script = join(folder, "block.sh");
      writeFileSync(script, `. ${state}\ncd "$(cat ${cwd})"\nset -e\n${text}\nexport -p > ${state}\npwd > ${cwd}\n`);
      const answers = typed[text.split("\n")[0] ?? ""];
      const [program = "", ...words] = answers === undefined ? ["sh", script] : ["python3", join(ROOT, "test/support/prompted.py"), `sh ${script}`, ...answers.flat()];
      // In a session of its own: no terminal of whoever runs the tests is asked.
      const child = spawn(program, words, { cwd: project, env: environment, stdio: ["ignore", "pipe", "pipe"], detached: true });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const status = await new Promise<number>((resolve) => child.on("close", (code) => { resolve(code ?? -1); }));
      return { status, output };
    },
    heard: (host) => servers.heard(host),
    async close() {
      const script = join(folder, "end.sh");
      writeFileSync(script, "vault lock\n");
      await new Promise((resolve) => spawn("sh", [script], { env: environment, stdio: "ignore" }).on("close", resolve));
      await servers.close();
      await removeFolder(folder);
    },
  };
}

interface Servers {
  readonly proxy: UserProxy;
  heard(host: string): string;
  close(): Promise<void>;
}

/** Every host there is, at one port, behind a proxy such as a company has. */
async function openServers(contextFor: (host: string) => SecureContext): Promise<Servers> {
  const contexts = new Map<string, SecureContext>();
  const heard = new Map<string, string>();
  const note = (request: IncomingMessage, body: string): void => {
    const host = (request.headers.host ?? "").replace(/:443$/, "");
    heard.set(host, `${heard.get(host) ?? ""}${request.method ?? ""} ${request.url ?? ""}\n${request.rawHeaders.join("\n")}\n${decodeBasic(request)}\n${body}\n`);
  };
  const find = (name: string): SecureContext => {
    const context = contexts.get(name) ?? contextFor(name);
    contexts.set(name, context);
    return context;
  };
  const server = createServer({ SNICallback: (name, done) => { done(null, find(name)); } }, (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      note(request, body);
      response.setHeader("content-type", "application/json").end(`{"ok":true,"login":"octocat","you sent":${JSON.stringify(request.headers.authorization ?? "nothing")}}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await openUserProxy("me:there", undefined, (server.address() as AddressInfo).port);
  return {
    proxy,
    heard: (host) => heard.get(host) ?? "",
    async close() {
      await proxy.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function decodeBasic({ headers: { authorization = "" } }: IncomingMessage): string {
  return authorization.startsWith("Basic ") ? Buffer.from(authorization.slice("Basic ".length), "base64").toString() : "";
}
