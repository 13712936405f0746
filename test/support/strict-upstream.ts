// An HTTP or HTTPS server that reads requests as RFC 9112 writes them and in no other way: whatever another server could read differently is a fault that it remembers.
// It keeps the connections apart, since requests of one child go up on several at once.
import type { AddressInfo, Socket } from "node:net";
import { createServer, createTlsServer } from "./raw-sockets.ts";
import type { TestIdentity } from "./test-ca.ts";

export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Without chunk framing, latin-1. */
  readonly body: string;
}

export interface StrictUpstream {
  readonly port: number;
  /** What came since the last call: whole requests, and what is wrong with the rest. */
  take(): { readonly requests: readonly StrictRequest[]; readonly faults: readonly string[] };
  close(): Promise<void>;
}

type Parsed = { readonly kind: "request"; readonly request: StrictRequest; readonly lengthBytes: number } | { readonly kind: "more" } | { readonly kind: "fault"; readonly fault: string };

const REQUEST_LINE = /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** RFC 9110 sections 5.1 and 5.5: a token, and no control character but a tab; no white space at either end, which the proxy has no reason to add. */
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): (|[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)$/;
const CHUNK = /^([1-9a-f][0-9a-f]{0,7}|0)\r\n/;

/** Answers each request with its target. @param identity undefined for a server without TLS. */
export async function openStrictUpstream(identity: TestIdentity | undefined): Promise<StrictUpstream> {
  let requests: StrictRequest[] = [];
  let faults: string[] = [];
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    let pending = "";
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    // What is cut off is no request, and no fault: the proxy leaves one unfinished whose body turns out malformed.
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      pending += chunk.toString("latin1");
      for (let parsed = parseStrictly(pending); parsed.kind !== "more"; parsed = parseStrictly(pending)) {
        if (parsed.kind === "fault") {
          faults.push(parsed.fault);
          socket.destroy();
          return;
        }
        requests.push(parsed.request);
        pending = pending.slice(parsed.lengthBytes);
        const body = `for ${parsed.request.target}\n`;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, "latin1");
      }
    });
  };
  const server = identity === undefined ? createServer(onConnection) : createTlsServer({ ...identity, ALPNProtocols: ["http/1.1"] }, onConnection);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    take() {
      const taken = { requests, faults };
      [requests, faults] = [[], []];
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first request of a connection's bytes. */
export function parseStrictly(text: string): Parsed {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return text.length > 100_000 ? fault("an endless head") : { kind: "more" };
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const [, method = "", target = ""] = REQUEST_LINE.exec(start) ?? [];
  if (method === "") return fault(`request line ${JSON.stringify(start)}`);
  const headers: [string, string][] = [];
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return fault(`header line ${JSON.stringify(line)}`);
    headers.push([name.toLowerCase(), value]);
  }
  const valuesOf = (name: string): string[] => headers.flatMap(([other, value]) => (other.replaceAll("_", "-") === name ? [value] : []));
  const [hosts, lengths, codings] = [valuesOf("host"), valuesOf("content-length"), valuesOf("transfer-encoding")];
  if (hosts.length !== 1 || !/^[a-z0-9.-]+:\d+$/.test(hosts[0] ?? "")) return fault(`hosts ${JSON.stringify(hosts)}`);
  if (lengths.length + codings.length > 1) return fault("two framings");
  const body = text.slice(end + 4);
  if (codings.length > 0) {
    if (codings[0] !== "chunked") return fault(`coding ${JSON.stringify(codings)}`);
    const read = readChunks(body);
    return read.kind === "body" ? { kind: "request", request: { method, target, headers, body: read.body }, lengthBytes: end + 4 + read.lengthBytes } : read;
  }
  const [length = "0"] = lengths;
  if (!/^\d+$/.test(length)) return fault(`length ${JSON.stringify(length)}`);
  if (body.length < Number(length)) return { kind: "more" };
  return { kind: "request", request: { method, target, headers, body: body.slice(0, Number(length)) }, lengthBytes: end + 4 + Number(length) };
}

function readChunks(text: string): { readonly kind: "body"; readonly body: string; readonly lengthBytes: number } | Exclude<Parsed, { kind: "request" }> {
  let body = "";
  for (let at = 0; ; ) {
    const rest = text.slice(at);
    const size = CHUNK.exec(rest);
    if (size === null) return rest.length > 12 ? fault(`chunk ${JSON.stringify(rest.slice(0, 12))}`) : { kind: "more" };
    const [line, digits = ""] = size;
    const [from, count] = [line.length, parseInt(digits, 16)];
    if (rest.length < from + count + 2) return { kind: "more" };
    if (rest.slice(from + count, from + count + 2) !== "\r\n") return fault("a chunk that does not end");
    body += rest.slice(from, from + count);
    at += from + count + 2;
    if (count === 0) return { kind: "body", body, lengthBytes: at };
  }
}

function fault(text: string): { readonly kind: "fault"; readonly fault: string } {
  return { kind: "fault", fault: text };
}
