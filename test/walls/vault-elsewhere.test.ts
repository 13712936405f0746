// The vault, its key and its state are not where they are by default: VAULT_DIR leads out of the home folder, and the key file to yet another place, which a link in the project leads to. The wall has to know the real places.
import { readFileSync, symlinkSync } from "node:fs";
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

story("the vault in the home folder is as invisible where another is in use", async (wall) => {
  const elsewhere = join(dirname(wall.home), "elsewhere");
  wall.put(`${elsewhere}/keys/placeholder`, "");
  // The key of the one that is not in use lies where only its own file says.
  wall.vault(["rotate-master", "--new-provider", "file", "--file-path", join(elsewhere, "keys", "first.key")]);
  wall.put(".config/vault/keys/kek.key", "an-older-key\n");
  wall.vault(["identity", "create", "deploy"]);
  const look = `cat "${elsewhere}/keys/first.key" ~/.config/vault/keys/kek.key ~/.config/vault/keys/identities/* ~/.local/share/vault/vault.json; ls -R ~/.local/state/vault; echo looked`;
  const shown = ["an-older-key", "vault-identity-1:", '"secrets"', "anchor.json", readFileSync(join(elsewhere, "keys", "first.key"), "utf8").trim()];
  for (const names of [["VAULT_DIR"], ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"]]) {
    for (const name of names) wall.set(name, join(elsewhere, name));
    wall.vault(["secrets", "create", "OTHER_KEY", "--host", "api.example.com"], "another-value-behind-the-wall-3Rw9");
    const openly = await wall.openly(look);
    expect(shown.filter((text) => !openly.said.includes(text)), names[0]).toEqual([]);
    const { said } = await wall.run(look);
    expect(said, names[0]).toContain("looked\n");
    expect(shown.filter((text) => said.includes(text)), names[0]).toEqual([]);
    // As a run at a broker does, this opens no vault, and finds the same.
    const explained = wall.vault(["run", "--sandbox", "--explain", "--", "true"]);
    for (const path of [join(elsewhere, "keys", "first.key"), join(wall.home, ".config/vault/keys"), join(wall.home, ".local/share/vault"), join(wall.home, ".local/state/vault")]) expect(explained, names[0]).toContain(`  ${path}\n`);
    for (const name of names) wall.set(name, "");
  }
}, ["an ordinary user"], true, true);

story("another vault whose agent runs is as invisible", async (wall) => {
  const other = join(dirname(wall.home), "other-vault");
  wall.set("VAULT_DIR", other);
  wall.vault(["secrets", "create", "OTHER_KEY", "--host", "api.example.com"], "another-value-behind-the-wall-3Rw9");
  wall.vault(["unlock"]);
  wall.set("VAULT_DIR", "");
  const { said } = await wall.run(`cat "${other}/kek.key" "${other}/vault.json"; echo looked`);
  wall.set("VAULT_DIR", other);
  wall.vault(["lock"]);
  expect(said).toContain("looked\n");
  expect(said).not.toContain('"secrets"');
  expect(said).not.toContain(readFileSync(join(other, "kek.key"), "utf8").trim());
});

story("the file that the passphrase was read from is nowhere", async (wall) => {
  const file = wall.put("notes/passphrase", "correct-horse-battery\n");
  wall.vault(["rotate-master", "--new-provider", "passphrase", "--new-passphrase-file", file]);
  const { said } = await wall.run(`cat "${file}"; echo looked`, ["--passphrase-file", file]);
  expect(said).toContain("looked\n");
  expect(said).not.toContain("correct-horse");
});
