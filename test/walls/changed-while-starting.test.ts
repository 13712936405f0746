// What a run hides of the disk comes and goes as it likes: sockets of other programs, and logins. It may do so between the look at the disk and the mounts, where bubblewrap waits here until it has.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Walled } from "../support/escape-stage.ts";
import { story } from "../support/escape-stage.ts";
import { listenAt } from "../support/path-socket.ts";
import { NODE } from "../support/program.ts";
import { interruptBubblewrap } from "../support/slow-bubblewrap.ts";

const KNOCK = (path: string): string => `echo started; "${NODE}" -e 'require("net").connect(process.argv[1]).on("connect", () => { console.log("connected"); process.exit(); }).on("error", ({ code }) => console.log(code))' "${path}"`;
const elsewhere = (wall: Walled, name: string): string => join(dirname(wall.home), "elsewhere", name);
const remove = (path: string): void => { rmSync(path, { recursive: true, force: true }); };

story("a folder with another program's socket vanishes: there is nothing to hide, and the program starts", async (wall) => {
  const path = elsewhere(wall, "agent/socket");
  await listenAt(path);
  const times = interruptBubblewrap(wall, 1, () => { remove(dirname(path)); });
  const { status, said } = await wall.run(KNOCK(path));
  expect([status, times()]).toEqual([0, 2]);
  expect(said).toMatch(/^started\nENOENT$/m);
  expect(said).toContain("the disk changed while the wall was made");
}, ["an ordinary user"], true, true);

story("a login that lies elsewhere vanishes, as a folder or as a file", async (wall) => {
  wall.put(elsewhere(wall, "aws/credentials"), "secret");
  wall.put(elsewhere(wall, "files/netrc"), "secret");
  symlinkSync(elsewhere(wall, "aws"), join(wall.home, ".aws"));
  symlinkSync(elsewhere(wall, "files/netrc"), join(wall.home, ".netrc"));
  let [next, last] = ["aws", "files/netrc"];
  const times = interruptBubblewrap(wall, 2, () => {
    remove(elsewhere(wall, next));
    [next, last] = [last, next];
  });
  const { status, said } = await wall.run("echo started");
  expect([status, times()]).toEqual([0, 3]);
  expect(said).toMatch(/^started$/m);
});

story("a socket appears: it is hidden before the program starts", async (wall) => {
  const path = elsewhere(wall, "late/socket");
  wall.put(elsewhere(wall, "late/beside"), "beside");
  const times = interruptBubblewrap(wall, 1, () => listenAt(path));
  const { status, said } = await wall.run(`cat "${elsewhere(wall, "late/beside")}"; ${KNOCK(path)}`);
  expect([status, times()]).toEqual([0, 2]);
  expect(said).toMatch(/^besidestarted\nENOENT$/m);
  expect((await wall.openly(KNOCK(path))).said).toMatch(/^connected$/m);
}, ["an ordinary user"], true, true);

story("a login appears: it is hidden before the program starts", async (wall) => {
  const place = elsewhere(wall, "aws");
  wall.put(elsewhere(wall, "beside"), "beside");
  symlinkSync(place, join(wall.home, ".aws"));
  const times = interruptBubblewrap(wall, 1, () => {
    mkdirSync(place, { mode: 0o755 });
    writeFileSync(join(place, "credentials"), "secret of another");
  });
  const { status, said } = await wall.run(`cat "${elsewhere(wall, "beside")}" "${join(place, "credentials")}"; echo; echo started`);
  expect([status, times()]).toEqual([0, 2]);
  expect(said).toMatch(/^started$/m);
  expect(said).not.toContain("secret of another");
});

story("sockets come and go in ever new folders: what is around them is shown as it was", async (wall) => {
  let at = 0;
  const times = interruptBubblewrap(wall, 9, () => {
    remove(elsewhere(wall, `late-${at}`));
    at += 1;
    return listenAt(elsewhere(wall, `late-${at}/socket`));
  });
  wall.put(elsewhere(wall, "beside"), "beside");
  const { status, said } = await wall.run(`cat "${elsewhere(wall, "beside")}"; find "${elsewhere(wall, ".")}" -type s; echo; echo started`);
  expect([status, times()]).toEqual([0, 2]);
  expect(said).toMatch(/^beside\nstarted$/m);
});

story("the disk changes each time, at another place: nothing is started in the end", async (wall) => {
  let at = 0;
  const times = interruptBubblewrap(wall, 9, () => listenAt(elsewhere(wall, `place-${at++}/late/socket`)));
  for (const place of [0, 1, 2, 3]) wall.put(elsewhere(wall, `place-${place}/more/beside`), "beside");
  const { status, said } = await wall.run("echo started");
  expect([status, times()]).toEqual([125, 4]);
  expect(said).not.toMatch(/^started$/m);
  expect(said).toMatch(/"[^"]*place-3\/late\/socket" appeared/);
});

story("what is asked of the program's outputs is kept: they pass through vault", async (wall) => {
  const path = elsewhere(wall, "agent/socket");
  await listenAt(path);
  interruptBubblewrap(wall, 1, () => { remove(dirname(path)); });
  const { status, said } = await wall.run("echo started; echo told >&2; exit 9", ["--redact"]);
  expect(status).toBe(9);
  expect(said).toMatch(/^started$/m);
  expect(said).toMatch(/^told$/m);
});
