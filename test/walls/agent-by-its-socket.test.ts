// The agent is unlocked and answers whoever can read its token. The program knows both paths, and the source of the client.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { NODE } from "../support/program.ts";
import { story } from "../support/escape-stage.ts";

story("the unlocked agent cannot be talked to", async (wall) => {
  wall.vault(["unlock"]);
  const [socket, token] = [join(wall.runtime, "vault", "agent.sock"), join(wall.runtime, "vault", "agent.token")];
  expect([socket, token].map((path) => existsSync(path))).toEqual([true, true]);
  const knock = `cat "${token}" >/dev/null && echo token; "${NODE}" -e 'require("net").connect(process.argv[1]).on("connect", () => { console.log("connected"); process.exit(); }).on("error", ({ code }) => console.log(code))' "${socket}"; echo knocked`;
  expect((await wall.openly(knock)).said).toMatch(/^token\nconnected$/m);
  const { said } = await wall.run(knock);
  wall.vault(["lock"]);
  expect(said).toMatch(/^ENOENT\nknocked$/m);
  expect(said).not.toMatch(/^token$/m);
}, ["an ordinary user", "root"], true, true);
