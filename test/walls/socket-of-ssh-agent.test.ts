// The user's ssh-agent signs for whoever can open its socket: a login on every server that he has.
import { join } from "node:path";
import { expect } from "vitest";
import { knock } from "../support/path-socket.ts";
import { story } from "../support/escape-stage.ts";

story("it cannot be reached, and no variable says where it is", async (wall) => {
  const path = join(wall.home, ".ssh-agent", "agent.1");
  const { openly, walled, kept } = await knock(wall, path, { SSH_AUTH_SOCK: path });
  expect(openly).toContain("connected");
  expect(walled).toMatch(/^(?:ENOENT|ECONNREFUSED|EACCES)$/m);
  expect(kept).toEqual([]);
}, ["an ordinary user", "root"]);
