import { connect } from "./raw-sockets.ts";

/** The raw answer to raw bytes, or what came of it before the connection ended. @param stop ends this side after them. */
export function exchangeRaw(port: number, bytes: string, stop = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => { answer += chunk.toString(); });
    socket.on("error", () => undefined);
    socket.on("close", () => { resolve(answer); });
    socket.write(bytes);
    if (stop) socket.end();
  });
}
