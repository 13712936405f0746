// The program that listens within a walled program's network, and hands the sockets over: what accepts there is then vault's own process, and no byte goes a way round. It ends with its channel.
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import type { ListenerAnswer, NumberedWish } from "./listener-wish.ts";
import { findWish } from "./listener-wish.ts";

// A Ctrl-C is for the program, and goes to the whole group.
for (const signal of ["SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"]) process.on(signal, () => undefined);

process.on("disconnect", () => {
  process.exit();
});
process.on("message", (message) => {
  const numbered = findWish(message);
  if (numbered !== undefined) grant(numbered);
});

function grant({ id, wish }: NumberedWish): void {
  const fail = (error: NodeJS.ErrnoException): void => {
    answer({ id, error: error.code ?? "EIO" });
  };
  switch (wish.kind) {
    case "tcp": {
      const server = createServer().once("error", fail);
      server.listen(wish.port, () => {
        const address = server.address();
        process.send?.({ id, port: typeof address === "object" && address !== null ? address.port : wish.port } satisfies ListenerAnswer, server, () => server.close());
      });
      break;
    }
    case "udp": {
      const socket = createSocket("udp4").once("error", fail);
      socket.bind(wish.port, "127.0.0.1", () => {
        process.send?.({ id, port: socket.address().port } satisfies ListenerAnswer, socket, () => socket.close());
      });
      break;
    }
    case "connect": {
      const socket = connect({ port: wish.port, host: "127.0.0.1", allowHalfOpen: true }).once("error", fail);
      socket.once("connect", () => {
        process.send?.({ id, port: wish.port } satisfies ListenerAnswer, socket);
      });
    }
  }
}

function answer(message: ListenerAnswer): void {
  process.send?.(message);
}
