// A compositor, a keyring and other services of the session listen in the folder that is made for it.
import { join } from "node:path";
import { expect } from "vitest";
import { knock } from "../support/path-socket.ts";
import { story } from "../support/escape-stage.ts";

story("it cannot be reached, and no variable says where it is", async (wall) => {
  const path = join(wall.runtime, "wayland-0");
  const { openly, walled, kept } = await knock(wall, path, { WAYLAND_DISPLAY: "wayland-0" });
  expect(openly).toContain("connected");
  expect(walled).toMatch(/^(?:ENOENT|ECONNREFUSED|EACCES)$/m);
  expect(kept).toEqual([]);
}, ["an ordinary user", "root"]);
