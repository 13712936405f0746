// The program looks for the vault itself: its file, what was seen of it last, and the audit log, to read them, to put an older copy in their place, or to take the log away.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("vault file, anchor and audit log are nowhere, and none can be put in their places", async (wall) => {
  const places = [".local/share/vault/vault.json", ".local/state/vault/anchor.json", ".local/state/vault/audit"].map((path) => join(wall.home, path));
  for (const place of places) expect(existsSync(place)).toBe(true);
  const look = `${places.map((place) => `ls "${place}"`).join("; ")}; find ~/.. \\( -name vault.json -o -name anchor.json \\) 2>/dev/null; rm -rf ~/.local/share/vault ~/.local/state/vault; mkdir -p ~/.local/share/vault; echo {} >~/.local/share/vault/vault.json; echo looked`;
  const { said } = await wall.run(look);
  expect(said).toContain("looked\n");
  expect(said.match(/No such file/g)?.length).toBeGreaterThanOrEqual(places.length);
  expect(said.split("\n").filter((line) => /^\/.*(?:vault|anchor)\.json$/.test(line))).toEqual([]);
  expect(wall.vault(["secrets", "list"])).toContain("API_KEY");
  expect(wall.vault(["audit", "--verify"])).not.toContain("doubt");
}, ["an ordinary user", "root"], true, true);
