// One socket takes over the connection of another. Node does the same itself when it tries several addresses of a host, for sockets with TLS and without: by the method that is used here.
import { Socket } from "node:net";

/** Whether this Node has it. */
export function canAdopt(): boolean {
  return findMethod(Socket.prototype) !== undefined;
}

/** @param from connected, and read by nobody from now on. @param socket hears of a connection as if it were its own. */
export function adoptConnection(socket: Socket, from: Socket): void {
  const adopt = findMethod(socket);
  const handle = memberOf(from, "_handle");
  const own = memberOf(socket, "_handle");
  // With TLS, the connection stands behind what encrypts.
  const isIdle = call(memberOf(own, "_parent") ?? own, "hasRef") === false;
  call(handle, "readStop");
  Reflect.set(Object(handle), "reading", false);
  Object.assign(from, { _handle: null });
  from.destroy();
  if (adopt !== undefined) Reflect.apply(adopt, socket, [handle]);
  // What has been asked of TLS since it was made was asked of the connection that is thrown away now.
  if (socket.listenerCount("session") > 0) call(memberOf(socket, "_handle"), "enableSessionCallbacks");
  if (socket.listenerCount("keylog") > 0) call(memberOf(socket, "_handle"), "enableKeylogCallback");
  if (isIdle) socket.unref();
  Object.assign(socket, { connecting: false });
  socket.emit("connect");
  socket.emit("ready");
  if (!socket.isPaused()) socket.read(0);
}

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

/** Its symbol is Node's own, and is found by its name: `kReinitializeHandle`, without the k in Node 18. */
function findMethod(socket: Socket): Method | undefined {
  for (let owner: unknown = socket; typeof owner === "object" && owner !== null; owner = Object.getPrototypeOf(owner)) {
    const symbol = Object.getOwnPropertySymbols(owner).find(({ description }) => /^k?reinitializeHandle$/i.test(description ?? ""));
    const method: unknown = symbol === undefined ? undefined : Reflect.get(owner, symbol);
    if (isMethod(method)) return method;
  }
  return undefined;
}

function call(owner: unknown, name: string): unknown {
  const method = memberOf(owner, name);
  return isMethod(method) ? Reflect.apply(method, owner, []) : undefined;
}

function memberOf(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}

function isMethod(value: unknown): value is Method {
  return typeof value === "function";
}
