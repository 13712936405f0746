import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appendNodeOptions, findRunFolder, withoutPreload } from "../../../src/run/clients/node-options.ts";
import type { NodeRoutes } from "../../../src/run/clients/node-routes.ts";
import { findNodeRoutes, writeNodeRoutes } from "../../../src/run/clients/node-routes.ts";
import { preloadWords } from "../../../src/run/clients/preload-words.ts";

let top: string;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), "vault options-"));
  mkdirSync(join(top, 'odd "dist" \\'));
  writeFileSync(join(top, 'odd "dist" \\', "node-preload.cjs"), "console.log('loaded')");
});

afterAll(() => {
  rmSync(top, { recursive: true });
});

const outer = "/run/user/1000/vault/runs/run-12-0123456789abcdef";
const inner = "/tmp/a b/runs/run-9-fedcba9876543210";

describe("the run's folder", () => {
  test("is found in NODE_OPTIONS, that of the innermost run, beside whatever else stands there", () => {
    expect(findRunFolder(`--require ${outer}/../../../opt/dist/node-preload.cjs`)).toBe(outer);
    expect(findRunFolder(`--max-old-space-size=512 --require=${outer}/../dist/node-preload.cjs --no-warnings`)).toBe(outer);
    expect(findRunFolder(appendNodeOptions(`--require ${outer}/../x.cjs`, ["--require", `${inner}/../x.cjs`]))).toBe(inner);
    for (const none of ["", "--require /opt/dist/node-preload.cjs", `--require ${outer}/x.cjs`, `--title=${outer}`, "--require ./run-1/../x.cjs", '"unclosed']) expect(findRunFolder(none)).toBeUndefined();
  });

  test("is found where its path is odd; and Node loads what the path leads to, whether or not the folder is still there", () => {
    const script = pathToFileURL(join(top, 'odd "dist" \\', "node-preload.cjs"));
    for (const folder of [join(top, "run-1-0000000000000000"), join(top, 'a "b" \\ c', "run-1-0000000000000000")]) {
      const options = appendNodeOptions("", preloadWords(folder, script));
      expect(findRunFolder(options)).toBe(folder);
      expect(execFileSync(process.execPath, ["-e", "0"], { env: { NODE_OPTIONS: options }, encoding: "utf8" })).toBe("loaded\n");
    }
  });
});

test("what runs have added is taken out again, and nothing else", () => {
  const own = '--max-old-space-size=512 --require ./mine.cjs --title="two words"';
  const added = appendNodeOptions(appendNodeOptions(own, ["--require", `${outer}/../x.cjs`]), ["--require", `${inner}/../x.cjs`]);
  expect(withoutPreload(added)).toBe(own);
  expect(withoutPreload(`--require=${outer}/../x.cjs`)).toBe("");
  for (const text of ["", own, "  --no-warnings  ", '"unclosed --require']) expect(withoutPreload(text)).toBe(text);
});

describe("what a run tells its Nodes", () => {
  const routes: NodeRoutes = { proxyUrl: "http://vault:token@127.0.0.1:1", caCertificate: "pem", caFile: "/ca.pem", bound: ["api.example.test:443"], denyUnmatched: false };

  test("is written for its user alone, and read back", () => {
    writeNodeRoutes(top, routes);
    expect(statSync(join(top, "node.json")).mode & 0o777).toBe(0o600);
    expect(findNodeRoutes(top)).toEqual(routes);
    expect(() => { writeNodeRoutes(top, routes); }).toThrow(/cannot write/);
  });

  test("counts as absent where it is something else", () => {
    expect(findNodeRoutes(join(top, "nowhere"))).toBeUndefined();
    for (const wrong of ["", "null", "[]", JSON.stringify({ ...routes, bound: [1] }), JSON.stringify({ ...routes, proxyUrl: undefined })]) {
      writeFileSync(join(top, "node.json"), wrong);
      expect(findNodeRoutes(top)).toBeUndefined();
    }
  });
});
