// A program that makes a wall as vault does, and stays at one step of it: `wall-steps STEP FOLDER MODE`. It says "at STEP" when it is there. What the walled program does is to write FOLDER/ran.
import { attemptWall } from "../../src/wall/wall.ts";

const [step = "", folder = "", mode = ""] = process.argv.slice(2);
const say = (): void => void process.stdout.write(`at ${step}\n`);
const stay = (): Promise<never> => new Promise(() => { setInterval(() => undefined, 1_000); });

const attempt = await attemptWall({ command: "sh", args: ["-c", `echo ran >"${folder}/ran"; sleep 300`], path: process.env["PATH"] });
if (attempt.kind === "obstacle") throw new Error(attempt.obstacle.cause);
const wall = mode === "relay" ? attempt.wall.turnToRelay() : attempt.wall;
if (step === "opened") {
  say();
  await stay();
}
wall.start({ mounts: [{ kind: "read-only", source: "/", path: "/" }, { kind: "empty", path: "/tmp" }, { kind: "writable", source: folder, path: folder }], environment: { PATH: process.env["PATH"] ?? "" }, folder }, async (first) => {
  if (step === "mounted") {
    say();
    await stay();
  }
  // It cannot take a step from here on, with everything before it that it waits for.
  if (step === "said") process.kill(first, "SIGSTOP");
  if (step !== "listening") setTimeout(say, 100);
  return { kind: "stands" };
});
if (mode === "relay") {
  await wall.listeners.listen(0);
  if (step === "listening") say();
  else wall.letGo();
}
await stay();
