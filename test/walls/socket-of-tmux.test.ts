// A terminal multiplexer's server runs outside, as on most developers' machines. Who can talk to its socket types into every shell that it has.
import { join } from "node:path";
import { expect } from "vitest";
import { knock } from "../support/path-socket.ts";
import { story } from "../support/escape-stage.ts";

story("it cannot be reached, and no variable says where it is", async (wall) => {
  const path = join("/tmp", `tmux-${process.pid}`, "default");
  const { openly, walled, kept } = await knock(wall, path, { TMUX: `${path},1,0` });
  expect(openly).toContain("connected");
  expect(walled).toMatch(/^(?:ENOENT|ECONNREFUSED|EACCES)$/m);
  expect(kept).toEqual([]);
}, ["an ordinary user", "root"]);
