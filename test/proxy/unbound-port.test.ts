// Other ports of a bound host, over real sockets: whatever protocol is spoken there gets through, whoever speaks first; what is HTTP is judged and looked through as before.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect as connectH2, createSecureServer, createServer as createH2Server } from "node:http2";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo, Server, Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { collect, openConnect, openSecure, parseReply, proxyAuthorization } from "../support/proxy-child.ts";
import type { TestRun } from "../support/proxy-run.ts";
import { makeGrant, openTestRun, VALUE } from "../support/proxy-run.ts";
import { connectTls, createServer, createTlsServer, survive } from "../support/raw-sockets.ts";
import type { TestCa } from "../support/test-ca.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { makeFolder } from "../support/temporary.ts";

const has = (program: string): boolean => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
const HOST = "localhost";

let ca: TestCa;
let run: TestRun;
const grant = makeGrant("API_KEY", [`${HOST}:1`]);

beforeAll(async () => {
  ca = makeTestCa();
  run = await openTestRun([grant], { roots: [ca.certificate] });
});
afterAll(() => run.proxy.close());

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => socket.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `${HOST}:${(server.address() as AddressInfo).port}`;
}

/** What comes back for these bytes, each written on its own, until the other side closes or has said this much. */
async function converse(authority: string, parts: readonly (string | Uint8Array)[], until?: (raw: string) => boolean): Promise<string> {
  const { socket, head } = await openConnect(run.proxy, authority);
  expect(head).toMatch(/^HTTP\/1\.1 200/);
  const answer = collect(socket);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  const raw = await answer.read(until);
  socket.destroy();
  return raw;
}

/** Where this test's begin: the system gives a port to one server after another. */
let first = 0;
beforeEach(() => {
  first = run.events.length;
});
const eventsFor = (authority: string): string[] => run.events.slice(first).filter((event) => event.authority === authority).map(({ kind }) => kind);

describe("a client that speaks first", () => {
  it.each<[string, string | Uint8Array]>([
    ["bytes", Uint8Array.of(0, 1, 2, 0xff)],
    ["a word without a line's end", "hello"],
    ["Redis", "*1\r\n$4\r\nPING\r\n"],
    ["a line of Redis", "GET key\r\n"],
    ["memcached", "get /a/key\r\n"],
    ["STOMP", "CONNECT\naccept-version:1.2\n\n\0"],
    ["RTSP", "OPTIONS rtsp://x/ RTSP/1.0\r\n"],
    ["SSH", "SSH-2.0-client\r\n"],
    ["HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["what is no TLS but begins like it", Uint8Array.of(0x16, 0x01, 0, 0)],
    ["AMQP", "AMQP\0\0\x09\x01"],
  ])("is heard: %s", async (_name, bytes) => {
    const authority = await listen(createServer((socket) => socket.pipe(socket)));
    expect(await converse(authority, [bytes], (raw) => raw.length >= bytes.length)).toBe(Buffer.from(bytes).toString("latin1"));
    expect(eventsFor(authority)).toEqual(["tunnelled"]);
  });

  it("goes on for as long as it likes, both ways", async () => {
    const authority = await listen(createServer((socket) => socket.pipe(socket)));
    const { socket } = await openConnect(run.proxy, authority);
    const bytes = Buffer.alloc(3_000_000, "\0binary");
    socket.end(bytes);
    expect(Buffer.from(await collect(socket).read(), "latin1").equals(bytes)).toBe(true);
  });

  it("that speaks after a while is heard", async () => {
    const authority = await listen(createServer((socket) => socket.pipe(socket)));
    const { socket } = await openConnect(run.proxy, authority);
    await new Promise((resolve) => setTimeout(resolve, 400));
    socket.write("\0late");
    expect(await collect(socket).read((raw) => raw.length >= 5)).toBe("\0late");
    socket.destroy();
  });
});

describe("a server that speaks first", () => {
  it.each([["SMTP", "220 mail.example.com ESMTP\r\n"], ["MySQL", "\x4a\0\0\0\x0a8.0.36\0"], ["SSH", "SSH-2.0-OpenSSH_9.6\r\n"]])("is heard: %s", async (_name, greeting) => {
    const authority = await listen(createServer((socket) => {
      socket.write(greeting, "latin1");
      socket.once("data", (chunk: Buffer) => socket.end(`you said ${chunk.toString("latin1")}`, "latin1"));
    }));
    const { socket } = await openConnect(run.proxy, authority);
    const answer = collect(socket);
    expect(await answer.read((raw) => raw.length >= greeting.length)).toBe(greeting);
    // From now on nobody looks: what would be a request at the beginning is a line of that protocol.
    socket.write("GET /x HTTP/1.1\r\n");
    expect(await answer.read()).toBe(`${greeting}you said GET /x HTTP/1.1\r\n`);
    expect(eventsFor(authority)).toEqual(["tunnelled"]);
  });

  it("to one that has nothing to say is heard to its end", async () => {
    const authority = await listen(createServer({ allowHalfOpen: true }, (socket) => socket.on("end", () => socket.end("the time is now")).resume()));
    const { socket } = await openConnect(run.proxy, authority);
    socket.end();
    expect(await collect(socket).read()).toBe("the time is now");
  });

  it.skipIf(!has("python3"))("Python's smtplib sends a letter", async () => {
    let letter = "";
    const authority = await listen(createServer((socket) => {
      let isData = false;
      socket.write("220 here\r\n");
      socket.on("data", (chunk: Buffer) => {
        for (const line of chunk.toString().split(/(?<=\r\n)/)) {
          if (isData) letter += line;
          if (isData && line === ".\r\n") isData = false;
          else if (isData) continue;
          const command = line.trim().toLowerCase();
          if (command === "data") isData = true;
          socket.write(command === "data" ? "354 go on\r\n" : command === "quit" ? "221 bye\r\n" : "250 ok\r\n");
        }
      });
    }));
    const script = [
      "import smtplib, socket, sys",
      "class Through(smtplib.SMTP):",
      "  def _get_socket(self, host, port, timeout):",
      "    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))",
      "    s.sendall(('CONNECT %s:%d HTTP/1.1\\r\\nHost: x\\r\\nProxy-Authorization: %s\\r\\n\\r\\n' % (host, port, sys.argv[2])).encode())",
      "    head = b''",
      "    while b'\\r\\n\\r\\n' not in head: head += s.recv(1)",
      "    return s",
      "host, port = sys.argv[3].split(':')",
      "with Through(host, int(port)) as s: s.sendmail('a@example.com', ['b@example.com'], 'Subject: x\\r\\n\\r\\nGET / HTTP/1.1')",
    ].join("\n");
    const child = spawn("python3", ["-c", script, String(run.proxy.port), proxyAuthorization(run.proxy), authority], { stdio: ["ignore", "inherit", "inherit"] });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(letter).toContain("Subject: x");
  });
});

describe("real protocols", () => {
  it("gRPC's: HTTP/2 without TLS", async () => {
    const server = createH2Server((request, response) => response.end(`asked for ${request.url}`));
    const authority = await listen(server);
    const { socket } = await openConnect(run.proxy, authority);
    expect(await askH2(connectH2(`http://${authority}`, { createConnection: () => socket }))).toBe("asked for /h2");
  });

  it("gRPC's: HTTP/2 alone over TLS, with the server's own certificate", async () => {
    const server = createSecureServer({ ...ca.identityFor(HOST), allowHTTP1: false }, (request, response) => response.end(`asked for ${request.url}`));
    const authority = await listen(server);
    const { socket } = await openConnect(run.proxy, authority);
    const secure = connectTls({ socket, ca: ca.certificate, servername: HOST, ALPNProtocols: ["h2"] });
    await once(secure, "secureConnect");
    expect(await askH2(connectH2(`https://${authority}`, { createConnection: () => secure }))).toBe("asked for /h2");
    expect(eventsFor(authority)).toEqual(["tunnelled"]);
  });

  it.each(["server", "client"])("other protocols over TLS, where the %s speaks first", async (first) => {
    const authority = await listen(createTlsServer(ca.identityFor(HOST), (socket) => {
      socket.on("error", () => socket.destroy());
      if (first === "server") socket.write("* OK IMAP4rev1\r\n");
      socket.pipe(socket);
    }));
    const { socket } = await openConnect(run.proxy, authority);
    const secure = connectTls({ socket, ca: run.proxy.caCertificate, servername: HOST });
    await once(secure, "secureConnect");
    const answer = collect(secure);
    if (first === "server") expect(await answer.read((raw) => raw.endsWith("\n"))).toBe("* OK IMAP4rev1\r\n");
    secure.write("*1\r\n");
    expect(await answer.read((raw) => raw.endsWith("*1\r\n"))).toMatch(/\*1\r\n$/);
    secure.destroy();
  });

  it("WebSocket without TLS", async () => {
    const server = createHttpServer().on("upgrade", (_request, socket) => {
      // The example of RFC 6455 section 1.3.
      survive(socket).write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
      socket.pipe(socket);
    });
    const authority = await listen(server);
    const { socket } = await openConnect(run.proxy, authority);
    const answer = collect(socket);
    socket.write(`GET /chat HTTP/1.1\r\nHost: ${authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`);
    expect(await answer.read((raw) => raw.endsWith("\r\n\r\n"))).toMatch(/^HTTP\/1\.1 101 /);
    socket.write("\x81\x02hi", "latin1");
    expect(await answer.read((raw) => raw.endsWith("hi"))).toMatch(/\x81\x02hi$/);
    socket.destroy();
  });

  it.skipIf(!has("git") || !has("python3"))("git's own, to a git daemon", async () => {
    const folder = makeFolder();
    const git = (...args: readonly string[]): void => {
      expect(spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...args], { cwd: folder }).status).toBe(0);
    };
    mkdirSync(join(folder, "served"));
    git("init", "-q", "served/one");
    git("-C", "served/one", "commit", "-q", "--allow-empty", "-m", "first");
    const probe = createServer();
    const authority = await listen(probe);
    const port = authority.split(":")[1] ?? "";
    await new Promise((resolve) => probe.close(resolve));
    const daemon = spawn("git", ["daemon", "--export-all", "--listen=127.0.0.1", `--port=${port}`, `--base-path=${join(folder, "served")}`, "--reuseaddr", "--verbose"], { stdio: ["ignore", "ignore", "pipe"], detached: true });
    onTestFinished(() => {
      if (daemon.pid !== undefined) process.kill(-daemon.pid);
    });
    await once(daemon.stderr, "data");
    // git asks a program of the user's for the connection, and speaks on its streams.
    writeFileSync(join(folder, "through.py"), [
      "import socket, sys, threading, os",
      `s = socket.create_connection(('127.0.0.1', ${run.proxy.port}))`,
      `s.sendall(('CONNECT %s:%s HTTP/1.1\\r\\nHost: x\\r\\nProxy-Authorization: ${proxyAuthorization(run.proxy)}\\r\\n\\r\\n' % (sys.argv[1], sys.argv[2])).encode())`,
      "head = b''",
      "while b'\\r\\n\\r\\n' not in head: head += s.recv(1)",
      "def up():",
      "  while (data := os.read(0, 65536)): s.sendall(data)",
      "  s.shutdown(socket.SHUT_WR)",
      "threading.Thread(target=up, daemon=True).start()",
      "while (data := s.recv(65536)): os.write(1, data)",
    ].join("\n"));
    writeFileSync(join(folder, "through.sh"), `#!/bin/sh\nexec python3 "${join(folder, "through.py")}" "$@"\n`, { mode: 0o700 });
    const clone = spawn("git", ["-c", `core.gitproxy=${join(folder, "through.sh")}`, "clone", "-q", `git://${authority}/one`, "two"], { cwd: folder, stdio: "inherit" });
    expect(await once(clone, "close")).toEqual([0, null]);
    expect(existsSync(join(folder, "two", ".git"))).toBe(true);
    expect(eventsFor(authority)).toEqual(["tunnelled"]);
  });
});

async function askH2(session: ReturnType<typeof connectH2>): Promise<string> {
  const request = session.request({ ":path": "/h2" });
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  session.destroy();
  return text;
}

describe("HTTP at such a port", () => {
  const openWeb = (): Promise<string> => listen(createHttpServer((request, response) => response.end(`you asked for ${request.url ?? ""} and know ${VALUE}`)));
  const get = (authority: string, more = ""): string => `GET /path HTTP/1.1\r\nHost: ${authority}\r\n${more}\r\n`;
  const isWhole = (raw: string): boolean => raw.includes(grant.placeholder) || raw.includes(VALUE) || raw.includes("x-vault-refusal");

  it("with a placeholder is refused, with the reason", async () => {
    const authority = await openWeb();
    const reply = parseReply(await converse(authority, [get(authority, `Authorization: Bearer ${grant.placeholder}\r\n`)], (raw) => raw.includes("\r\n\r\n")));
    expect([reply.status, reply.headers["x-vault-refusal"]]).toEqual([403, "plain-http"]);
    expect(eventsFor(authority)).toEqual(["refused"]);
  });

  it("without one is answered, and the value does not come back", async () => {
    const authority = await openWeb();
    expect(await converse(authority, [get(authority)], isWhole)).toContain(`you asked for /path and know ${grant.placeholder}`);
  });

  it.each<[string, (authority: string) => readonly string[]]>([
    ["byte by byte", (authority) => get(authority).match(/./gs) ?? []],
    ["behind empty lines", (authority) => ["\r\n", "\r\n\n", get(authority)]],
    ["after a pause", (authority) => ["G", "ET /path HT", `TP/1.1\r\nHost: ${authority}\r\n\r\n`]],
    ["absolute", (authority) => [get(authority).replace("/path", `http://${authority}/path`)]],
    ["with blanks", (authority) => [get(authority).replace("GET ", "GET  ")]],
    ["of HTTP/0.9", () => ["GET /path\r\n"]],
    ["by another method", (authority) => [get(authority).replace("GET", "SEARCH")]],
    ["of HTTP/1.0", () => ["GET /path HTTP/1.0\r\n\r\n"]],
  ])("is seen for what it is: %s", async (_name, parts) => {
    const authority = await openWeb();
    const raw = await converse(authority, parts(authority), isWhole);
    expect(raw).not.toContain(VALUE);
    expect(raw).toMatch(/^HTTP\/1\.1 /);
    expect(eventsFor(authority)).not.toContain("tunnelled");
  });

  it("over TLS is judged as before, and later requests on the connection too", async () => {
    const authority = await listen(createTlsServer(ca.identityFor(HOST), (socket) => {
      socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${VALUE.length}\r\n\r\n${VALUE}`));
    }));
    const secure = await openSecure(run.proxy, authority);
    const answer = collect(secure);
    secure.write(get(authority));
    expect(await answer.read(isWhole)).toContain(grant.placeholder);
    secure.write(get(authority, `X-Api-Key: ${grant.placeholder}\r\n`));
    expect(await answer.read((raw) => /HTTP\/1\.1 403/.test(raw))).toMatch(/x-vault-refusal: host/i);
    secure.destroy();
  });

  it("on a connection that was opened long before is judged as well", async () => {
    const authority = await openWeb();
    const { socket } = await openConnect(run.proxy, authority);
    await new Promise((resolve) => setTimeout(resolve, 400));
    socket.write(get(authority));
    expect(await collect(socket).read(isWhole)).toContain(grant.placeholder);
    expect(eventsFor(authority)).toEqual(["scrubbed"]);
    socket.destroy();
  });

  it("that stops within its first line is given up", async () => {
    const short = await openTestRun([grant], { headMs: 200 });
    onTestFinished(() => short.proxy.close());
    const { socket } = await openConnect(short.proxy, await openWeb());
    socket.write("GET ");
    expect(await collect(socket).read()).toBe("");
    expect(short.events).toMatchObject([{ kind: "refused", code: "timeout" }]);
  });
});

describe("a port", () => {
  it("where nobody listens ends the connection, and the log says why", async () => {
    const probe = createServer();
    const authority = await listen(probe);
    await new Promise((resolve) => probe.close(resolve));
    expect(await converse(authority, ["\0"])).toBe("");
    expect(run.events.at(-1)).toMatchObject({ kind: "refused", code: "upstream-unreachable", authority });
  });

  it("of a run that tunnels nothing is refused", async () => {
    const closed = await openTestRun([grant], { denyUnmatched: true });
    onTestFinished(() => closed.proxy.close());
    expect((await openConnect(closed.proxy, `${HOST}:2`)).head).toMatch(/^HTTP\/1\.1 403/);
  });

  it("gets nothing that the log has not heard of", async () => {
    let received = 0;
    const authority = await listen(createServer((socket) => socket.on("data", () => (received += 1))));
    const deaf = await openTestRun([grant], { flush: () => { throw new Error("the disk is full"); } });
    onTestFinished(() => deaf.proxy.close());
    const { socket } = await openConnect(deaf.proxy, authority);
    socket.write("\0hello");
    expect(await collect(socket).read()).toBe("");
    expect(received).toBe(0);
  });

  it("that a binding names takes TLS alone, as ever", async () => {
    const authority = await listen(createServer((socket) => socket.pipe(socket)));
    const bound = await openTestRun([makeGrant("API_KEY", [authority])]);
    onTestFinished(() => bound.proxy.close());
    const { socket } = await openConnect(bound.proxy, authority);
    socket.write("\0hello");
    expect(await collect(socket).read()).not.toContain("hello");
    expect(bound.events.map(({ kind }) => kind)).not.toContain("tunnelled");
  });
});
