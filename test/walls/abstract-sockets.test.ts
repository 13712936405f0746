// Linux's abstract names are in no folder: agents and runs of vault, X servers and D-Bus listen there, and no file system hides them.
import { expect } from "vitest";
import { NODE } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";
import { createServer } from "../support/raw-sockets.ts";

const NAME = `vault-walls-${process.pid}`;

story("of the names in the abstract namespace none is known, and none answers", async (wall) => {
  wall.vault(["unlock"]);
  let knocks = 0;
  const server = createServer((socket) => {
    knocks += 1;
    socket.end();
  });
  server.listen({ path: `\0${NAME}` });
  const knock = `grep -ac @vault /proc/net/unix; "${NODE}" -e 'require("net").connect("\\0${NAME}").on("connect", () => console.log("connected")).on("error", ({ code }) => console.log(code))'`;
  expect((await wall.openly(knock)).said).toMatch(/^connected$/m);
  const { said } = await wall.run(knock);
  server.close();
  wall.vault(["lock"]);
  expect(said).toMatch(/^0$/m);
  expect(said).toMatch(/^ECONNREFUSED$/m);
  expect(knocks).toBe(1);
}, ["an ordinary user", "root"]);
