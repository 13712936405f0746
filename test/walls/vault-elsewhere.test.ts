// The vault, its key and its state are not where they are by default: VAULT_DIR leads out of the home folder, and the key file to yet another place, which a link in the project leads to. The wall has to know the real places.
import { symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { story } from "../support/escape-stage.ts";

story("a vault in another place is as invisible", async (wall) => {
  const elsewhere = join(dirname(wall.home), "elsewhere");
  wall.put(`${elsewhere}/keys/placeholder`, "");
  wall.put(`${elsewhere}/vault-of-mine/placeholder`, "");
  symlinkSync(join(elsewhere, "vault-of-mine"), join(wall.project, "mine"));
  wall.set("VAULT_DIR", join(wall.project, "mine"));
  wall.vault(["init", "--provider", "file", "--file-path", join(elsewhere, "keys", "my.key")]);
  wall.vault(["secrets", "create", "OTHER_KEY", "--host", "api.example.com"], "another-value-behind-the-wall-3Rw9");
  const { said } = await wall.run(`echo "$OTHER_KEY" | wc -c; cat "${elsewhere}/keys/my.key" "${elsewhere}/vault-of-mine/vault.json" mine/vault.json; ls "${elsewhere}/keys"; find ~/.. -name my.key 2>/dev/null; echo looked`);
  expect(said).toContain("looked\n");
  expect(said).not.toContain('"secrets"');
  expect(said.split("\n").filter((line) => line.endsWith("my.key"))).toEqual([]);
}, ["an ordinary user"], true, true);
