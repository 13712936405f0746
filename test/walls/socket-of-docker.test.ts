// A container engine that a user may talk to gives him the whole machine: any folder can be mounted into a container.
import { join } from "node:path";
import { expect } from "vitest";
import { knock } from "../support/path-socket.ts";
import { story } from "../support/escape-stage.ts";

story("it cannot be reached, and no variable says where it is", async (wall) => {
  const path = join(wall.home, ".docker", "run", "docker.sock");
  const { openly, walled, kept } = await knock(wall, path, { DOCKER_HOST: `unix://${path}` });
  expect(openly).toContain("connected");
  expect(walled).toMatch(/^(?:ENOENT|ECONNREFUSED|EACCES)$/m);
  expect(kept).toEqual([]);
}, ["an ordinary user", "root"]);
