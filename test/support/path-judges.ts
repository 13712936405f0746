// Servers as the world runs them, each of which says for a request whether it has taken it for one below /admin, for one of `keys`, or for neither.
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "./raw-sockets.ts";
import { findFreePort } from "./real-servers.ts";
import { untilListening } from "./until-listening.ts";

export type JudgeKind = "nginx" | "express" | "flask" | "go";

export interface PathJudge {
  readonly port: number;
  close(): Promise<void>;
}

const CLIENTS = fileURLToPath(new URL("../../node_modules/.cache/clients/", import.meta.url));
const ENVIRONMENT = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin:/usr/local/go/bin`, GOFLAGS: "-mod=mod", GOTELEMETRY: "off" };

export function isJudgeHere(kind: JudgeKind): boolean {
  switch (kind) {
    case "nginx":
      return spawnSync("nginx", ["-v"], { env: ENVIRONMENT, stdio: "ignore" }).status === 0;
    case "express":
      return existsSync(`${CLIENTS}node_modules/express/package.json`);
    case "flask":
      return spawnSync("python3", ["-c", "import flask"], { env: ENVIRONMENT, stdio: "ignore" }).status === 0;
    case "go":
      return spawnSync("go", ["version"], { env: ENVIRONMENT, stdio: "ignore" }).status === 0;
  }
}

export async function openPathJudge(kind: JudgeKind): Promise<PathJudge> {
  if (kind === "express") return openExpress();
  const folder = mkdtempSync(join(tmpdir(), `vault-paths-${kind}-`));
  const port = await findFreePort();
  const child = start(kind, folder, port);
  await untilListening(child, port);
  return {
    port,
    async close() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a server made of the target of a GET: `admin`, `keys`, `free`; or the status of another answer. */
export async function askJudge({ port }: PathJudge, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${target} HTTP/1.1\r\nHost: api.example.test\r\nConnection: close\r\n\r\n`, "latin1"));
    socket.setEncoding("latin1").on("data", (part: string) => (text += part)).on("error", reject);
    socket.on("close", () => {
      const [, status = "none"] = /^HTTP\/1\.[01] (\d+)/.exec(text) ?? [];
      resolve(status === "200" ? (/(?:admin|keys|free)\s*(?:0\s*)?$/.exec(text)?.[0].split(/\s/)[0] ?? "?") : status);
    });
  });
}

function start(kind: Exclude<JudgeKind, "express">, folder: string, port: number): ChildProcess {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  switch (kind) {
    case "nginx":
      return spawn("nginx", ["-p", folder, "-c", file("configuration", nginxConfiguration(folder, port)), "-e", join(folder, "error.log")], { env: ENVIRONMENT, stdio: "ignore" });
    case "flask":
      return spawn("python3", ["-c", FLASK, String(port)], { env: ENVIRONMENT, stdio: "ignore" });
    case "go": {
      const source = file("main.go", GO);
      const built = spawnSync("go", ["build", "-o", join(folder, "judge"), source], { env: ENVIRONMENT, cwd: folder, encoding: "utf8" });
      if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
      return spawn(join(folder, "judge"), [String(port)], { stdio: "ignore" });
    }
  }
}

async function openExpress(): Promise<PathJudge> {
  const express = createRequire(CLIENTS)("express") as () => RequestListener & { all(path: string | readonly string[], handler: (request: unknown, response: { send(text: string): void }) => void): void; use(path: string, handler: (request: unknown, response: { send(text: string): void }) => void): void };
  const app = express();
  app.use("/admin", (_, response) => { response.send("admin"); });
  app.all(["/keys", "/:a/keys", "/:a/:b/keys"], (_, response) => { response.send("keys"); });
  app.use("/", (_, response) => { response.send("free"); });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => { server.close(() => { resolve(); }); }) };
}

function nginxConfiguration(folder: string, port: number): string {
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join("\n");
  return `
daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 64; }
http {
  ${scratch}
  access_log off;
  default_type text/plain;
  server {
    listen 127.0.0.1:${port};
    location ~ ^/admin(/|$) { return 200 "admin"; }
    location ~ /keys/?$ { return 200 "keys"; }
    location / { return 200 "free"; }
  }
}
`;
}

const FLASK = `
import sys
from flask import Flask
app = Flask(__name__)
app.url_map.strict_slashes = False
for rule in ["/admin", "/admin/<path:rest>"]:
    app.add_url_rule(rule, "admin" + rule, lambda rest="": "admin")
for rule in ["/keys", "/<path:rest>/keys"]:
    app.add_url_rule(rule, "keys" + rule, lambda rest="": "keys")
for rule in ["/", "/<path:rest>"]:
    app.add_url_rule(rule, "free" + rule, lambda rest="": "free")
app.run("127.0.0.1", int(sys.argv[1]))
`;

const GO = `package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
)

func say(word string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, word) }
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/admin", say("admin"))
	mux.HandleFunc("/admin/", say("admin"))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" || strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/keys") {
			say("keys")(w, r)
			return
		}
		say("free")(w, r)
	})
	_ = http.ListenAndServe("127.0.0.1:"+os.Args[1], mux)
}
`;
