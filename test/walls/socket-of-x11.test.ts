// An X server shows every key that is pressed in its windows, and takes invented ones: a shell in another window is a shell.
import { join } from "node:path";
import { expect } from "vitest";
import { knock } from "../support/path-socket.ts";
import { story } from "../support/escape-stage.ts";

story("it cannot be reached, and no variable says where it is", async (wall) => {
  const path = join("/tmp/.X11-unix", `X97-${process.pid}`);
  const { openly, walled, kept } = await knock(wall, path, { DISPLAY: ":97" });
  expect(openly).toContain("connected");
  expect(walled).toMatch(/^(?:ENOENT|ECONNREFUSED|EACCES)$/m);
  expect(kept).toEqual([]);
}, ["an ordinary user", "root"]);
