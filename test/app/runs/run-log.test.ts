import { appendFileSync, chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunLog } from "../../../src/app/runs/run-log.ts";
import { formatLine, openRunLog } from "../../../src/app/runs/run-log.ts";
import { makeFolder } from "../../support/temporary.ts";

const AT = new Date("2030-01-02T03:04:05.678Z");
const open = (path: string, warnings: string[] = []): RunLog => openRunLog(path, () => AT, (message) => warnings.push(message));
const SUBSTITUTED = { kind: "substituted", request: "ab-1", authority: "api.example.test:443", method: "GET", secrets: ["KEY"] } as const;

describe("a line", () => {
  test("has the same members for every decision", () => {
    expect(JSON.parse(formatLine(SUBSTITUTED, AT))).toEqual({ at: "2030-01-02T03:04:05.678Z", request: "ab-1", host: "api.example.test:443", method: "GET", decision: "substituted", secrets: ["KEY"] });
    expect(JSON.parse(formatLine({ kind: "tunnelled", request: "ab-2", authority: "x.test:443" }, AT))).toEqual({ at: AT.toISOString(), request: "ab-2", host: "x.test:443", method: null, decision: "tunnelled", secrets: [] });
    expect(JSON.parse(formatLine({ kind: "refused", request: "ab-3", authority: null, method: null, secrets: [], code: "bad-request", text: "why" }, AT))).toEqual({ at: AT.toISOString(), request: "ab-3", host: null, method: null, decision: "refused", secrets: [], code: "bad-request", reason: "why" });
    expect(JSON.parse(formatLine({ kind: "refused", request: "ab-3", authority: null, method: null, secrets: [], code: "host", text: "why", remedy: "what allows it" }, AT))).toMatchObject({ code: "host", reason: "why", remedy: "what allows it" });
    expect(JSON.parse(formatLine({ ...SUBSTITUTED, kind: "inert", spot: "body" }, AT))).toMatchObject({ decision: "inert", spot: "body" });
  });

  test("is one line, whatever a method is", () => {
    expect(formatLine({ ...SUBSTITUTED, method: 'GET"\n\u001B[2J{' }, AT)).toMatch(/^[\x20-\x7e]+\n$/);
  });
});

describe("the file", () => {
  test("is made 0600 and grows", () => {
    const path = join(makeFolder(), "run.jsonl");
    for (let run = 0; run < 2; run += 1) {
      const log = open(path);
      log.write(SUBSTITUTED);
      log.close();
      log.close();
      log.write(SUBSTITUTED);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toBe(formatLine(SUBSTITUTED, AT).repeat(2));
  });

  test("is refused where it is a link, a hard link, a folder, a named pipe, a device or open to others, and keeps its bytes", () => {
    const folder = makeFolder();
    const target = join(folder, "target");
    writeFileSync(target, "precious\n", { mode: 0o600 });
    symlinkSync(target, join(folder, "link"));
    symlinkSync(join(folder, "nothing"), join(folder, "dangling"));
    mkdirSync(join(folder, "folder"));
    spawnSync("mkfifo", [join(folder, "pipe")]);
    writeFileSync(join(folder, "open"), "", { mode: 0o600 });
    chmodSync(join(folder, "open"), 0o644);
    for (const name of ["link", "dangling", "pipe", "open"]) expect(() => open(join(folder, name)), name).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    expect(() => open("/dev/null")).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    for (const name of ["folder", "missing/run.jsonl"]) expect(() => open(join(folder, name)), name).toThrow(expect.objectContaining({ code: "io" }));
    linkSync(target, join(folder, "twin"));
    expect(() => open(target)).toThrow(expect.objectContaining({ code: "unsafe-file" }));
    expect(readFileSync(target, "utf8")).toBe("precious\n");
  });

  test.skipIf(process.geteuid?.() !== 0)("is refused where it is another user's (needs root)", () => {
    const path = join(makeFolder(), "run.jsonl");
    appendFileSync(path, "");
    chmodSync(path, 0o600);
    spawnSync("chown", ["65534", path]);
    expect(() => open(path)).toThrow(expect.objectContaining({ code: "unsafe-file" }));
  });
});

test("a disk that is full ends the log with one warning, and nothing else", () => {
  const folder = makeFolder();
  const script = join(folder, "full.mjs");
  // What one may write is limited for a process of its own.
  const built = spawnSync("npx", ["esbuild", "src/app/runs/run-log.ts", "--bundle", "--platform=node", "--format=esm", `--outfile=${join(folder, "run-log.mjs")}`], { stdio: "pipe" });
  expect(built.status).toBe(0);
  writeFileSync(script, `
    import { openRunLog } from "./run-log.mjs";
    process.on("SIGXFSZ", () => {});
    const log = openRunLog(${JSON.stringify(join(folder, "run.jsonl"))}, () => new Date(0), (message) => console.log(message));
    for (let line = 0; line < 50; line += 1) log.write(${JSON.stringify(SUBSTITUTED)});
    console.log("done");
  `);
  const { stdout, status } = spawnSync("sh", ["-c", `ulimit -f 1; exec "$0" "$1"`, process.execPath, script], { encoding: "utf8" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^"[^"]+" gets no more lines: it cannot be written \((EFBIG|disk full)\); the audit log has them: vault audit\ndone\n$/);
});
