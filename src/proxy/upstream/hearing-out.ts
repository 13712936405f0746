// A server that answers before it has the whole body, and closes (RFC 9112 section 9.5): a write fails then, and Node gives up the connection at once, with
// an answer on it that was not read yet. So a write that fails because the other side has closed is kept back, and reading goes on: what it meets, the answer or the end, decides.
import type { Socket } from "node:net";
import { systemErrorCode } from "../../errors.ts";

/** The other side has closed: what it had to say is here already, or nothing comes any more. */
const HEARING_MS = 2_000;

type Done = (error?: Error | null) => void;

/** Changes the connection's own way to write. Nothing more is written after such a failure, which comes out when reading has not ended the connection in time. */
export function hearOut<S extends Socket>(socket: S): S {
  const patiently = (done: Done): Done => (error) => {
    const code = systemErrorCode(error);
    if (code !== "EPIPE" && code !== "ECONNRESET") {
      done(error);
      return;
    }
    const timer = setTimeout(() => {
      done(error);
    }, HEARING_MS).unref();
    socket.once("close", () => {
      clearTimeout(timer);
    });
  };
  const write = socket._write.bind(socket);
  const writeMany = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => {
    write(chunk, encoding, patiently(done));
  };
  if (writeMany !== undefined) {
    socket._writev = (chunks, done) => {
      writeMany(chunks, patiently(done));
    };
  }
  return socket;
}
