// docs/reference and man/ are written from the manifest, and checked stale by `npm run check`. Here: that a reader of man pages takes them, and that nothing of the manifest is lost on the way.
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./page-blocks.ts";

const { commands } = JSON.parse(readFileSync(join(ROOT, "oclif.manifest.json"), "utf8")) as { readonly commands: Readonly<Record<string, { readonly flags: Readonly<Record<string, { readonly hidden?: boolean }>> }>> };
const pages = readdirSync(join(ROOT, "man")).map((name) => join(ROOT, "man", name));

it("each command has a man page and a part of the reference, with each of its flags", () => {
  expect(pages).toHaveLength(Object.keys(commands).length + 1);
  for (const [id, { flags }] of Object.entries(commands)) {
    const man = readFileSync(join(ROOT, "man", `vault-${id.replaceAll(":", "-")}.1`), "utf8");
    const reference = readFileSync(join(ROOT, "docs/reference", `${id.split(":")[0] ?? ""}.md`), "utf8");
    expect(reference).toContain(`## vault ${id.replaceAll(":", " ")}\n`);
    for (const [name, { hidden }] of Object.entries(flags)) {
      if (hidden === true || name === "json") continue;
      expect(reference, `${id} --${name}`).toMatch(new RegExp(`--(?:\\[no-\\])?${name}\\b`));
      expect(man, `${id} --${name}`).toMatch(new RegExp(`\\\\-\\\\-(?:\\[no\\\\-\\])?${name.replaceAll("-", "\\\\-")}`));
    }
  }
});

it.skipIf(spawnSync("groff", ["--version"]).status !== 0)("man pages are set without a warning (needs groff)", () => {
  const { status, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-z", ...pages], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});
