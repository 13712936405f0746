// The session's bus starts programs outside: systemd-run is one call away, and the keyring with the vault's key another.
import { join } from "node:path";
import { expect } from "vitest";
import { knock } from "../support/path-socket.ts";
import { story } from "../support/escape-stage.ts";

story("it cannot be reached, and no variable says where it is", async (wall) => {
  const path = join(wall.runtime, "bus");
  const { openly, walled, kept } = await knock(wall, path, { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` });
  expect(openly).toContain("connected");
  expect(walled).toMatch(/^(?:ENOENT|ECONNREFUSED|EACCES)$/m);
  expect(kept).toEqual([]);
}, ["an ordinary user", "root"]);
