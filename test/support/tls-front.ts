// TLS before a server that speaks none, with whatever identity a test gives it.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext } from "node:tls";
import type { EngineKind } from "./engine-places.ts";
import { connect, createServer, wrapTls } from "./raw-sockets.ts";

export interface TlsFront {
  readonly port: number;
  /** What came over TLS, once it stood. */
  heard(): string;
  close(): Promise<void>;
}

export async function openTlsFront(kind: EngineKind, toPort: number, identity: { readonly cert: string; readonly key: string }): Promise<TlsFront> {
  const context = createSecureContext(identity);
  const sockets = new Set<Socket>();
  let heard = "";
  const serve = async (plain: Socket): Promise<void> => {
    sockets.add(plain.on("error", () => undefined));
    // PostgreSQL is asked for TLS first, and says "S".
    if (kind === "postgres") {
      await once(plain, "data");
      plain.write("S");
    }
    const near = wrapTls(plain, { isServer: true, secureContext: context });
    const far = connect(toPort, "127.0.0.1");
    sockets.add(far);
    near.on("error", () => far.destroy()).on("close", () => far.destroy()).on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.pipe(far).pipe(near);
  };
  const server = createServer((plain) => void serve(plain).catch(() => plain.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => heard,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
