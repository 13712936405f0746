// The load: requests as fast as the answers come, over so many connections, and what that cost the processes in between.
// node load.js '{"kind": "requests" | "connections" | "download" | "upload", …}': prints one JSON object.
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

/** Of Linux, for /proc/PID/stat (proc(5)): always 100 to user space. */
const TICKS_PER_SECOND = 100;
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
  isCounted = true;
  const cost = await observe(() => pause(task.seconds));
  isCounted = false;
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
  const before = count;
  const cost = await observe(() => pause(task.seconds));
  const counted = count - before;
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
    const authorization = proxy.username === "" ? "" : `proxy-authorization: Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString("base64")}\r\n`;
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

/** What the work took: seconds, of the clock and of the processors, and by how much the processes grew at their largest. */
async function observe(work) {
  for (const pid of task.pids) resetPeak(pid);
  const [memory, cpu, start] = [memoryOf("VmRSS"), cpuSeconds(), performance.now()];
  await work();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpuSeconds: cpuSeconds() - cpu, grownMib: (memoryOf("VmHWM") - memory) / 1024 };
}

function cpuSeconds() {
  return task.pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /, "").split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }, 0);
}

function memoryOf(name) {
  return task.pids.reduce((sum, pid) => sum + Number(new RegExp(`^${name}:\\s+([0-9]+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0), 0);
}

/** Makes the highest moment so far now (proc(5), clear_refs). */
function resetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
