// Python's module of a run, by a real Python: what reaches the proxy, and what is left alone.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writePythonSite } from "../../../src/run/clients/python-site.ts";
import { createServer } from "../../support/raw-sockets.ts";
import { makeSelfSigned } from "../../support/self-signed.ts";

const isHere = spawnSync("python3", ["--version"]).status === 0;
const servers: Server[] = [];
let folder: string;
/** What the proxy's stand-in was sent, and what it answers: it is no part of what is tried here. */
let heads: string[];
let answer: string;
let proxyPort: number;

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "python-site-"));
  heads = [];
  answer = "HTTP/1.1 200 OK\r\n\r\n220 I speak first\r\n";
  proxyPort = await listen((socket) => {
    socket.once("data", (head) => {
      heads.push(head.toString());
      socket.end(answer);
    }).on("error", () => undefined);
  });
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

/** @returns what the program prints, on both streams. */
async function python(program: string, variables: Record<string, string> = {}): Promise<string> {
  rmSync(join(folder, "python"), { recursive: true, force: true });
  const path = writePythonSite(folder, {
    proxyUrl: `http://run:t0ken@127.0.0.1:${proxyPort}`,
    caFile: "/run's/ca.pem",
    root: makeSelfSigned("root.example.test").certificate,
    boundHosts: [{ host: "api.example.test", port: 443, wildcard: false }, { host: "wild.example.test", port: 8443, wildcard: true }],
  });
  const child = spawn("python3", ["-c", program], { cwd: folder, env: { PATH: process.env["PATH"] ?? "", PYTHONPATH: [path, ...(variables["PYTHONPATH"] === undefined ? [] : [variables["PYTHONPATH"]])].join(":") } });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  return said.trim();
}

describe.skipIf(!isHere)("a Python of a run", () => {
  test("opens a tunnel to a bound host, and loses nothing of what the host says first", async () => {
    expect(await python('import socket\ns = socket.create_connection(("API.example.test.", 443))\nprint(s.makefile("rb").read())')).toBe("b'220 I speak first\\r\\n'");
    expect(heads).toEqual([`CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\nProxy-Authorization: Basic ${Buffer.from("run:t0ken").toString("base64")}\r\n\r\n`]);
  });

  test("does so for one label below a wildcard, at its port", async () => {
    expect(await python('import socket\nprint(socket.create_connection(("a.wild.example.test", 8443)).recv(3))')).toBe("b'220'");
    expect(await python('import socket\nfor host, port in [("a.b.wild.example.test", 8443), ("wild.example.test", 8443), ("a.wild.example.test", 443)]:\n  try: socket.create_connection((host, port), 1)\n  except OSError as error: print(type(error).__name__)')).toMatch(/^(?:gaierror|TimeoutError|timeout)(?:\n(?:gaierror|TimeoutError|timeout)){2}$/);
    expect(heads).toHaveLength(1);
  });

  test("does so for asyncio, which does not wait", async () => {
    expect(await python('import asyncio\nasync def f():\n  reader, _ = await asyncio.open_connection("api.example.test", 443)\n  print(await reader.read())\nasyncio.run(f())')).toBe("b'220 I speak first\\r\\n'");
  });

  test("says so where the proxy refuses", async () => {
    answer = "HTTP/1.1 403 Forbidden\r\n\r\n";
    expect(await python('import socket\nsocket.create_connection(("api.example.test", 443))')).toContain("ConnectionRefusedError: vault run: the proxy refused api.example.test:443: HTTP/1.1 403 Forbidden");
  });

  test("leaves other hosts, servers of its own and other sockets alone", async () => {
    const port = await listen((socket) => socket.end("elsewhere"));
    expect(await python(`import socket\nprint(socket.create_connection(("localhost", ${port})).recv(9))\ns = socket.create_server(("127.0.0.1", 0))\nprint(socket.socket.connect_ex(socket.socket(), s.getsockname()))\nu = socket.socketpair()\nu[0].send(b"x")\nprint(u[1].recv(1))`)).toBe("b'elsewhere'\n0\nb'x'");
    expect(heads).toEqual([]);
  });

  test("loads the user's own sitecustomize behind it, and does not show itself", async () => {
    const own = join(folder, "own");
    mkdirSync(own);
    writeFileSync(join(own, "sitecustomize.py"), 'print("mine")\n');
    expect(await python("import sys, sitecustomize\nprint(sitecustomize.__file__, any('/python' == p[-7:] for p in sys.path))", { PYTHONPATH: own })).toBe(`mine\n${own}/sitecustomize.py False`);
  });

  test("has roots of its own trust the run's root as well, and finds the run's file by certifi", async () => {
    writeFileSync(join(folder, "certifi.py"), "def where(): return 'old'\n");
    writeFileSync(join(folder, "own.pem"), makeSelfSigned("own.example.test").certificate);
    expect(await python('import ssl, certifi\ncontext = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\ncontext.load_verify_locations("own.pem")\nprint(context.cert_store_stats()["x509"], certifi.where())', { PYTHONPATH: folder })).toBe("2 /run's/ca.pem");
  });

  test("leaves what it writes in the run's folder, closed to others", async () => {
    await python("pass");
    expect(statSync(join(folder, "python")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "python", "sitecustomize.py")).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["python"]);
  });
});
