// Whatever stands for stdin was opened outside, and a descriptor knows no wall: a file that was given to be read can be opened by it once more, to be written; a connection of the network can be ended, and made anew to anybody.
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";
import { connect, createServer } from "../support/raw-sockets.ts";

const WRITE = "echo evil >/proc/self/fd/0; echo evil >>/dev/stdin; (exec 3<>/proc/self/fd/0 && echo evil >&3)";

story("a file for stdin is read from where it stood, and stays as it was", async (wall) => {
  const file = wall.put("tools/tool.sh", "first line\nsecond line\nthird line\n", 0o755);
  const descriptor = openSync(file, "r");
  readSync(descriptor, Buffer.alloc("first line\n".length));
  const { said, status } = await wall.run(`cat; ${WRITE}; echo ended`, [], [descriptor, "pipe", "pipe"]);
  closeSync(descriptor);
  expect(said).toContain("second line\nthird line\n");
  expect(said).not.toContain("first line");
  expect(said).toContain("ended\n");
  expect(status).toBe(0);
  expect(readFileSync(file, "utf8")).toBe("first line\nsecond line\nthird line\n");
}, ["an ordinary user", "root"], true, true);

story("whoever reads on in the same file finds it where it was left, as a loop over its lines does", async (wall) => {
  const descriptor = openSync(wall.put("list", "one\ntwo\n"), "r");
  readSync(descriptor, Buffer.alloc("one\n".length));
  expect((await wall.run("cat", [], [descriptor, "pipe", "pipe"])).said).toContain("two\n");
  const rest = Buffer.alloc(16);
  expect(rest.toString("latin1", 0, readSync(descriptor, rest))).toBe("two\n");
  closeSync(descriptor);
});

story("a file that was opened to be read is no stdout or stderr", async (wall) => {
  const file = wall.put("tools/tool.sh", "first line\n");
  const descriptor = openSync(file, "r");
  const { status } = await wall.run("echo evil >/proc/self/fd/1", [], ["ignore", descriptor, "pipe"]);
  closeSync(descriptor);
  expect([status, readFileSync(file, "utf8")]).toEqual([125, "first line\n"]);
});

/** Ends the connection that it has for its stdin, and dials another address by it. */
const DIAL = `
import ctypes, socket, struct, sys
own = socket.socket(fileno=0)
ctypes.CDLL(None).connect(0, struct.pack("H14x", 0), 16)
own.connect(("127.0.0.1", int(sys.argv[1])))
own.send(b"arrived outside")
`;

story("a connection of the network is no standard stream", async (wall) => {
  const heard: string[] = [];
  const server = createServer((socket) => socket.on("error", () => undefined).on("data", (bytes) => heard.push(bytes.toString())));
  const origin = createServer();
  for (const one of [server, origin]) await once(one.listen(0, "127.0.0.1"), "listening");
  const portOf = (one: typeof server): number => (one.address() as AddressInfo).port;
  const script = wall.put("project/dial.py", DIAL);
  for (const place of [0, 1, 2]) {
    const accepted = once(origin, "connection") as Promise<[Socket]>;
    const client = connect(portOf(origin), "127.0.0.1").on("error", () => undefined);
    const [given] = await accepted;
    const streams = ["ignore", "pipe", "pipe"].map((each, at) => (at === place ? given : each)) as unknown as ["ignore", "pipe", "pipe"];
    const { status } = await wall.run(`exec python3 ${script} ${portOf(server)} <&${place}`, [], streams);
    expect(status).toBe(125);
    given.destroy();
    client.destroy();
  }
  expect(heard).toEqual([]);
  server.close();
  origin.close();
}, ["an ordinary user"], has("python3"));
