// A listening socket that another process has made and handed over.
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";

/**
 * Listens on it anew, so that the two halves of its connections end by themselves, and nothing is read of them before somebody wants it.
 *
 * @param received as a message brought it; it is not to be used any more.
 */
export async function takeOverListener(received: Server, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(received, resolve);
  });
  return server;
}
