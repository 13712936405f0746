// The name server behind the wall, on sockets that are handed in: both ways of asking (RFC 1035 section 4.2).
import type { Socket as DatagramSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import { takeOverListener } from "./listener.ts";
import { answerInquiry } from "./name-answer.ts";
import type { NameTable } from "./name-table.ts";

const LENGTH_BYTES = 2;
/** Of what is asked over TCP: a question is never longer than a name, its kind and an option or two. */
const INQUIRY_BYTES_MAX = 4_096;
const ASKERS_MAX = 64;
const IDLE_MS = 10_000;

export function serveNamesOverUdp(socket: DatagramSocket, table: NameTable): void {
  socket.on("error", () => undefined);
  socket.on("message", (inquiry, { port, address }) => {
    const answer = answerInquiry(inquiry, table);
    // A lost answer is asked for again.
    if (answer !== undefined) socket.send(answer, port, address, () => undefined);
  });
}

/** @param received as a message brought it. */
export async function serveNamesOverTcp(received: Server, table: NameTable): Promise<Server> {
  const server = await takeOverListener(received, (socket) => { answerOn(socket, table); });
  server.maxConnections = ASKERS_MAX;
  return server;
}

function answerOn(socket: Socket, table: NameTable): void {
  let ahead = Buffer.alloc(0);
  socket.on("error", () => socket.destroy()).setTimeout(IDLE_MS, () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    ahead = Buffer.concat([ahead, chunk]);
    while (ahead.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + ahead.readUInt16BE(0);
      if (end > LENGTH_BYTES + INQUIRY_BYTES_MAX) {
        socket.destroy();
        return;
      }
      if (ahead.length < end) break;
      const answer = answerInquiry(ahead.subarray(LENGTH_BYTES, end), table);
      ahead = ahead.subarray(end);
      if (answer === undefined) continue;
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }
    // Who asks and does not read the answers is not read any more either.
    if (!socket.writableNeedDrain) return;
    socket.pause();
    socket.once("drain", () => socket.resume());
  });
  socket.once("end", () => socket.end()).resume();
}
