// Memory that processes share by a number or a name: System V segments, message queues, semaphores, /dev/shm. Browsers and databases keep passwords there.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { has, story } from "../support/escape-stage.ts";

story("of the memory that others share, nothing is seen", async (wall) => {
  const name = `/dev/shm/vault-walls-${process.pid}`;
  writeFileSync(name, "shared by others", { mode: 0o666 });
  const id = /\d+/.exec(wall.outside(["ipcmk", "-M", "4096", "-p", "0666"]))?.[0] ?? "";
  try {
    const look = `cat ${name}; ipcs -m | grep -cw ${id}; ipcs | grep -c 0666; echo looked`;
    expect((await wall.openly(look)).said).toContain("shared by others");
    const { said } = await wall.run(`${look}; echo x >${name}.mine`);
    expect(said).toMatch(/^0\n0\nlooked$/m);
    expect(said).not.toContain("shared by others");
  } finally {
    wall.outside(["ipcrm", "-m", id]);
    rmSync(name);
  }
  expect(existsSync(`${name}.mine`)).toBe(false);
}, ["an ordinary user"], has("ipcmk") && has("ipcs"));
