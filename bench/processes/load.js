// The load: requests as fast as the answers come, over so many connections, and what that cost the processes in between.
// node load.js '{"kind": "requests" | "connections" | "download" | "upload", …}': prints "ready", does what counts when a line comes in, prints "done",
// and, after one more line, what came of it as one JSON object. Whoever asked weighs the processes in between at these two moments: from behind a wall they cannot be seen.
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

const MIB = 1024 * 1024;
const BLOCK = Buffer.alloc(64 * 1024, "A line of text that no secret stands in, and that is looked through all the same.\n");

const task = JSON.parse(process.argv[2]);
const results = { requests: measureRequests, connections: measureConnections, download: () => measureTransfer(download), upload: () => measureTransfer(upload) };
console.log(JSON.stringify(await results[task.kind]()));
process.exit(0);

/** Connections that are kept. Latencies are of the whole window. */
async function measureRequests() {
  const sockets = await Promise.all(Array.from({ length: task.connections }, open));
  const line = task.bodyBytes === 0 ? "GET /v1/answer HTTP/1.1\r\n" : `POST /v1/answer HTTP/1.1\r\ncontent-length: ${task.bodyBytes}\r\n`;
  const request = Buffer.from(`${line}host: ${task.target}\r\nuser-agent: load/1.0\r\naccept: */*\r\naccept-encoding: gzip, deflate\r\nauthorization: Bearer ${task.credential}\r\ncontent-type: application/json\r\n\r\n${BLOCK.toString("latin1", 0, task.bodyBytes)}`);
  const latencies = [];
  let [isCounted, isOver] = [false, false];
  const loops = sockets.map(async (socket) => {
    while (!isOver) {
      const sent = performance.now();
      await exchange(socket, request);
      if (isCounted) latencies.push(performance.now() - sent);
    }
    socket.destroy();
  });
  await pause(task.warmSeconds);
  const cost = await observe(async () => {
    isCounted = true;
    await pause(task.seconds);
    isCounted = false;
  });
  isOver = true;
  await Promise.all(loops);
  latencies.sort((a, b) => a - b);
  return { ...cost, count: latencies.length, p50Ms: latencies[Math.floor(latencies.length / 2)], p99Ms: latencies[Math.floor(latencies.length * 0.99)] };
}

/** A new connection with its TLS handshake for each request. */
async function measureConnections() {
  const request = Buffer.from(`GET /v1/answer HTTP/1.1\r\nhost: ${task.target}\r\nauthorization: Bearer ${task.credential}\r\n\r\n`);
  let [isOver, count] = [false, 0];
  const loops = Array.from({ length: task.connections }, async () => {
    while (!isOver) {
      const socket = await open();
      await exchange(socket, request);
      socket.destroy();
      count += 1;
    }
  });
  await pause(task.warmSeconds);
  let counted = 0;
  const cost = await observe(async () => {
    const before = count;
    await pause(task.seconds);
    counted = count - before;
  });
  isOver = true;
  await Promise.all(loops);
  return { ...cost, count: counted };
}

/** One large body. `count` is in MiB. */
async function measureTransfer(transfer) {
  const socket = await open();
  await transfer(socket, 16 * MIB);
  const cost = await observe(() => transfer(socket, task.bytes));
  return { ...cost, count: task.bytes / MIB };
}

function download(socket, bytes) {
  return new Promise((resolve, reject) => {
    let [head, tail, left] = ["", "", Infinity];
    socket.on("error", reject).on("close", () => reject(new Error("the connection ended early")));
    socket.removeAllListeners("data").on("data", (chunk) => {
      if (left === Infinity) {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        left = lengthAfter(head, end) === undefined ? NaN : bytes;
        left -= head.length - end - 4;
      } else left -= chunk.length;
      tail = (tail + chunk.latin1Slice(Math.max(0, chunk.length - 5), chunk.length)).slice(-5);
      // Of a chunked answer the last chunk tells the end.
      if (left <= 0 || (Number.isNaN(left) && tail === "0\r\n\r\n")) resolve();
    });
    socket.write(`GET /down?${bytes} HTTP/1.1\r\nhost: ${task.target}\r\nauthorization: Bearer ${task.credential}\r\n\r\n`);
  });
}

async function upload(socket, bytes) {
  const answered = nextAnswer(socket);
  socket.write(`PUT /up HTTP/1.1\r\nhost: ${task.target}\r\nauthorization: Bearer ${task.credential}\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes}\r\n\r\n`);
  for (let left = bytes; left > 0; left -= BLOCK.length) {
    if (!socket.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK)) await new Promise((resolve) => socket.once("drain", resolve));
  }
  await answered;
}

function exchange(socket, request) {
  const answered = nextAnswer(socket);
  socket.write(request);
  return answered;
}

/** Resolves when a whole answer is there. It must be a good one: what is refused is quick. */
function nextAnswer(socket) {
  return new Promise((resolve, reject) => {
    let text = "";
    const onClose = () => reject(new Error("the connection ended early"));
    const onData = (chunk) => {
      text += chunk.latin1Slice(0, chunk.length);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = lengthAfter(text, end);
      if (length === undefined ? !text.endsWith("0\r\n\r\n") : text.length < end + 4 + length) return;
      socket.off("data", onData).off("close", onClose);
      if (text.startsWith("HTTP/1.1 200 ")) resolve(text);
      else reject(new Error(text.slice(0, 300)));
    };
    socket.on("data", onData).on("close", onClose);
  });
}

function lengthAfter(text, end) {
  const match = /\r\ncontent-length: *([0-9]+)\r\n/i.exec(text.slice(0, end + 2));
  return match === null ? undefined : Number(match[1]);
}

/** A connection to the target, through the proxy where there is one, with TLS up to whoever ends it. */
async function open() {
  const [host, port] = task.target.split(":");
  let socket;
  if (task.proxy !== undefined) {
    const proxy = new URL(task.proxy);
    socket = connectTcp({ host: proxy.hostname, port: Number(proxy.port), noDelay: true });
    const authorization = proxy.username === "" ? "" : `proxy-authorization: Basic ${Buffer.from(decodeURIComponent(`${proxy.username}:${proxy.password}`)).toString("base64")}\r\n`;
    socket.write(`CONNECT ${task.target} HTTP/1.1\r\nhost: ${task.target}\r\n${authorization}\r\n`);
    const said = await headOf(socket);
    if (!said.startsWith("HTTP/1.1 200 ")) throw new Error(said);
  }
  const secure = connectTls({ ...(socket === undefined ? { host, port: Number(port) } : { socket }), servername: host === "127.0.0.1" ? "" : host, rejectUnauthorized: false });
  secure.setNoDelay(true);
  secure.setMaxListeners(0);
  await new Promise((resolve, reject) => secure.once("secureConnect", resolve).once("error", reject));
  secure.on("error", () => undefined);
  return secure;
}

/** Nothing follows the head before we have spoken. */
function headOf(socket) {
  return new Promise((resolve, reject) => {
    let head = "";
    const onData = (chunk) => {
      head += chunk.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      socket.off("data", onData);
      resolve(head);
    };
    socket.on("data", onData).once("error", reject);
  });
}

/** How long the work took. */
async function observe(work) {
  await call("ready");
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  await call("done");
  return { seconds };
}

/** Says a word, and waits for a line. */
function call(word) {
  console.log(word);
  return new Promise((resolve) => {
    process.stdin.resume().once("data", () => {
      process.stdin.pause();
      resolve();
    });
  });
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
