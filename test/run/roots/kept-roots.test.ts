import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { collectRoots } from "../../../src/run/roots/ca-file.ts";
import type { KeptRoots } from "../../../src/run/roots/kept-roots.ts";
import { keepRoots } from "../../../src/run/roots/kept-roots.ts";
import { makeFolder } from "../../support/temporary.ts";

interface Stage {
  readonly folder: string;
  readonly bundle: string;
  /** How often they were gathered. */
  readonly count: () => number;
  readonly keep: () => KeptRoots;
}

function openStage(): Stage {
  const [folder, etc] = [makeFolder(), makeFolder()];
  const bundle = join(etc, "bundle.pem");
  writeFileSync(bundle, "roots");
  let gathered = 0;
  return {
    folder,
    bundle,
    count: () => gathered,
    keep: () => keepRoots(folder, ["/no/such/bundle", bundle], () => {
      gathered += 1;
      return { text: `${readFileSync(bundle, "latin1")} gathered\n`, system: bundle };
    }),
  };
}

test("roots are gathered once, and anew when the system's bundle is another: also one of the same size and date", () => {
  const { folder, bundle, count, keep } = openStage();
  expect([keep(), keep(), count()]).toEqual([{ text: "roots gathered\n", system: bundle }, { text: "roots gathered\n", system: bundle }, 1]);
  const { atime, mtime } = statSync(bundle);
  writeFileSync(bundle, "ROOTS");
  utimesSync(bundle, atime, mtime);
  expect([keep().text, count()]).toEqual(["ROOTS gathered\n", 2]);
  // One file is left, for this user alone.
  const [name = "", ...others] = readdirSync(folder);
  expect([others, statSync(join(folder, name)).mode & 0o777]).toEqual([[], 0o600]);
});

test.each([
  ["is cut short", (path: string) => { writeFileSync(path, readFileSync(path).subarray(0, -3)); }],
  ["is empty", (path: string) => { writeFileSync(path, ""); }],
  ["has another byte", (path: string) => { writeFileSync(path, readFileSync(path, "latin1").replace("gathered", "Gathered")); }],
  ["is open to others", (path: string) => { chmodSync(path, 0o644); }],
  ["is a link", (path: string) => {
    unlinkSync(path);
    symlinkSync("/etc/passwd", path);
  }],
])("a kept text that %s is not taken", (_what, damage) => {
  const { folder, count, keep } = openStage();
  keep();
  const [name = ""] = readdirSync(folder);
  damage(join(folder, name));
  expect([keep().text, count()]).toEqual(["roots gathered\n", 2]);
});

test("a folder that cannot be written to costs time, and no more", () => {
  const gone = join(makeFolder(), "none");
  expect(keepRoots(gone, [], () => ({ text: "text", system: undefined }))).toEqual({ text: "text", system: undefined });
});

test("a child gets the same roots from what was kept, and connections outwards never do", () => {
  const folder = makeFolder();
  const [before, first, second] = [collectRoots({}), collectRoots({}, [], undefined, folder), collectRoots({}, [], undefined, folder)];
  const text = before.child.join("\n");
  expect(readdirSync(folder)).toHaveLength(1);
  expect([first.child, second.child]).toEqual([[text], [text]]);
  const [name = ""] = readdirSync(folder);
  writeFileSync(join(folder, name), "");
  expect(second.upstream).toEqual(before.upstream);
  // What the owner or a variable names is in none of it.
  const [root = ""] = rootCertificates;
  expect(collectRoots({}, [root], undefined, folder).upstream.at(-1)).toBe(root);
  expect(readFileSync(join(folder, name), "utf8")).toBe("");
});
