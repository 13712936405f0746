// A run follows what its person changes in the vault. A program that would keep what it was to lose, or have what it was not to get, writes into the vault's folder itself.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, cpSync, linkSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { BuiltVault, VaultRun } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { deriveFromKek } from "../../../src/vault/derive.ts";
import { makeVaultKey } from "../../../src/vault/envelope.ts";
import type { Kek } from "../../../src/vault/key-bytes.ts";
import { parseKek } from "../../../src/vault/key-bytes.ts";
import { holdKek } from "../../../src/vault/local-holder.ts";
import type { KeyLocator } from "../../../src/vault/key-slot.ts";
import { encodeVaultFile, parseVaultFile } from "../../../src/vault/vault-file.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0 && process.platform === "linux";
const PASSPHRASE: KeyLocator = { provider: "passphrase", kdf: { memoryKib: 64 * 1024, passes: 2, salt: new Uint8Array(16) } };
/** A little more than the run's own look takes. */
const SEEN_MS = 150;

let server: Server;
let built: BuiltVault;
let port: number;
let got: string[] = [];
let seen: string[] = [];
let certificate: string;

beforeAll(async () => {
  const ca = makeTestCa();
  ({ certificate } = ca);
  server = createServer(ca.identityFor("localhost"), (request, response) => {
    const value = (request.headers.authorization ?? "").replace("Bearer ", "");
    got.push(value);
    seen = [...new Set([...seen, value])];
    response.end(`echo ${seen.join(" ")}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
beforeEach(() => {
  [got, seen] = [[], []];
  built = openBuiltVault(`localhost:${port}`, "first-value-000000", certificate);
});
afterEach(() => { built.close(); });
afterAll(() => { server.close(); });

const vaultFile = (): string => join(built.folder, "vault", "vault.json");
const fetching = (name = "API_KEY"): string => `curl -sS -H "Authorization: Bearer $${name}" https://localhost:${port}/`;
/** The vault as it was, written by somebody who has all of the file and not its key: well-formed, newer, under a key of his own. */
async function forge(kept: Uint8Array, locator?: KeyLocator, kek: Kek = parseKek(new Uint8Array(randomBytes(32)))): Promise<Uint8Array> {
  const { contents, records } = parseVaultFile(kept);
  const holder = holdKek(kek, contents.id);
  const { keyId, commitment } = deriveFromKek(kek, contents.id);
  const slot = locator === undefined ? contents.slot : { locator, keyId, commitment };
  return encodeVaultFile({ ...contents, secrets: records.all(), vaultKey: await makeVaultKey(holder, contents.id), slot, generation: 99 }, holder);
}

/** Asks before each line that it reads, and once more at the end of its input. */
const asking = (options: readonly string[] = []): VaultRun => built.run(`while :; do ${fetching()} 2>&1; echo "at $((turn += 1))"; read line || exit 0; done`, {}, options);
const turn = async (run: VaultRun, number: number): Promise<void> => {
  if (number > 1) run.process.stdin?.write("\n");
  await run.said(`at ${number}\n`);
};
const finish = async (run: VaultRun): Promise<string> => {
  run.process.stdin?.end();
  await run.ended;
  return run.output();
};

describe.runIf(hasCurl)("(needs Linux and curl) a run follows the vault", () => {
  test("to another value, behind the same placeholder, and takes the old one out of answers as before", async () => {
    const run = asking();
    await turn(run, 1);
    built.vault(["secrets", "rotate", "API_KEY"], "second-value-00000");
    await sleep(SEEN_MS);
    await turn(run, 2);
    const output = await finish(run);
    expect(got).toEqual(["first-value-000000", "second-value-00000"]);
    expect(output).not.toMatch(/first-value|second-value/);
    expect(new Set(output.match(/vault_ph_\w+/g)).size).toBe(1);
    expect(output).not.toContain("warning");
  });

  test("through many values, and none of them comes back to the program", async () => {
    const run = asking();
    await turn(run, 1);
    for (let number = 2; number < 7; number += 1) {
      built.vault(["secrets", "rotate", "API_KEY"], `number-${number}-00000000`);
      await sleep(SEEN_MS);
      await turn(run, number);
    }
    const output = await finish(run);
    expect(new Set(got).size).toBe(6);
    expect(output).not.toMatch(/first-value|number-/);
  });

  test("when it has lost the secret: nothing goes out, and the person hears why", async () => {
    const run = asking();
    await turn(run, 1);
    built.vault(["secrets", "delete", "API_KEY"]);
    await sleep(SEEN_MS);
    for (const number of [2, 3, 4]) await turn(run, number);
    const output = await finish(run);
    expect(got).toHaveLength(1);
    expect(output).toContain("API_KEY was not sent to localhost");
    expect(output).toContain("API_KEY was not sent any more: it was deleted");
  });

  test("when another secret has the name now: that one is not this run's", async () => {
    const run = asking();
    await turn(run, 1);
    built.vault(["secrets", "delete", "API_KEY"]);
    built.vault(["secrets", "create", "API_KEY", "--host", `localhost:${port}`], "other-secret-00000");
    await sleep(SEEN_MS);
    await turn(run, 2);
    await finish(run);
    expect(got).toEqual(["first-value-000000"]);
  });

  test("to fewer hosts, and never to more", async () => {
    built.vault(["secrets", "update", "API_KEY", "--host", "example.com"]);
    const run = asking();
    await turn(run, 1);
    built.vault(["secrets", "update", "API_KEY", "--remove-host", `localhost:${port}`]);
    await sleep(SEEN_MS);
    await turn(run, 2);
    expect(run.output()).toContain(`API_KEY was not sent to localhost:${port}; it may go to example.com`);
    built.vault(["secrets", "update", "API_KEY", "--host", `localhost:${port}`]);
    await sleep(SEEN_MS);
    await turn(run, 3);
    await finish(run);
    expect(got).toEqual(["first-value-000000", "first-value-000000"]);
  });

  test("to no host at all, and one that knows the value from before has none of its answers unread", async () => {
    const run = built.run(`${fetching()}; echo at 1; read line; ${fetching()}; echo; curl -sS https://localhost:${port}/; curl -sS -H "X: $API_KEY" https://localhost:${port}/`);
    await run.said("at 1");
    built.vault(["secrets", "update", "API_KEY", "--remove-host", `localhost:${port}`]);
    await sleep(SEEN_MS);
    const output = await finish(run);
    expect(got).toEqual(["first-value-000000", "", ""]);
    expect(output).not.toContain("first-value");
  });

  test("not to hosts that it was not begun with", async () => {
    built.vault(["secrets", "create", "OTHER", "--host", "example.com"], "other-value-000000");
    const run = built.run(`${fetching("OTHER")}; echo at 1; read line; ${fetching("OTHER")}`);
    await run.said("at 1");
    built.vault(["secrets", "update", "OTHER", "--host", `localhost:${port}`]);
    await sleep(SEEN_MS);
    await finish(run);
    expect(got).toEqual([]);
  });

  test("after the master key was replaced, too", async () => {
    const run = asking();
    await turn(run, 1);
    built.vault(["rotate-master", "--generate"]);
    built.vault(["secrets", "rotate", "API_KEY"], "second-value-00000");
    await sleep(SEEN_MS);
    await turn(run, 2);
    await finish(run);
    expect(got.at(-1)).toBe("second-value-00000");
  });
});

describe.runIf(hasCurl)("(needs Linux and curl) a program that writes into the vault's folder", () => {
  /** What the run has of the vault after the person has deleted the secret, and the program has done this. */
  const deletedThen = async (act: () => void, options: readonly string[] = []): Promise<string> => {
    const run = asking(options);
    await turn(run, 1);
    built.vault(["secrets", "delete", "API_KEY"]);
    act();
    await sleep(SEEN_MS);
    await turn(run, 2);
    return finish(run);
  };

  test("does not keep a secret by putting the old vault back, not even the old file itself with its old times", async () => {
    const kept = `${vaultFile()}.kept`;
    linkSync(vaultFile(), kept);
    const output = await deletedThen(() => { renameSync(kept, vaultFile()); });
    expect(got).toHaveLength(1);
    expect(output).toContain("was rolled back");
  });

  test("nor by a copy, with the anchor and the log gone as well", async () => {
    const kept = join(built.folder, "kept.json");
    copyFileSync(vaultFile(), kept);
    const output = await deletedThen(() => {
      copyFileSync(kept, vaultFile());
      rmSync(join(built.folder, "vault", "anchor.json"), { force: true });
    });
    expect(got).toHaveLength(1);
    expect(output).toContain("is not to be trusted");
  });

  test("nor by all of the folder as it was, where the run has seen a newer vault", async () => {
    const [folder, kept] = [join(built.folder, "vault"), join(built.folder, "kept")];
    const run = asking();
    await turn(run, 1);
    cpSync(folder, kept, { recursive: true });
    built.vault(["secrets", "delete", "API_KEY"]);
    await sleep(SEEN_MS);
    await turn(run, 2);
    cpSync(kept, folder, { recursive: true });
    await sleep(SEEN_MS);
    await turn(run, 3);
    const output = await finish(run);
    expect(got).toHaveLength(1);
    expect(output).toContain("is not to be trusted");
  });

  test("nor a value that is made", async () => {
    const [folder, kept] = [join(built.folder, "vault"), join(built.folder, "kept")];
    built.vault(["secrets", "create", "MADE", "--host", `localhost:${port}`, "--source", "command", "--", "/bin/echo", "made-value-0000000"]);
    const run = built.run(`${fetching("MADE")}; echo at 1; read line; ${fetching("MADE")}; echo at 2; read line; ${fetching("MADE")}`);
    await run.said("at 1");
    cpSync(folder, kept, { recursive: true, filter: (path) => path !== join(folder, "run") });
    built.vault(["secrets", "delete", "MADE"]);
    await sleep(SEEN_MS);
    await turn(run, 2);
    cpSync(kept, folder, { recursive: true });
    await sleep(SEEN_MS);
    await finish(run);
    expect(got).toEqual(["made-value-0000000"]);
  });

  test("nor by a vault of its own making, by rubbish, by none, or by taking the key away", async () => {
    const text = readFileSync(vaultFile(), "utf8");
    for (const act of [
      () => { writeFileSync(vaultFile(), text.replace(/"generation": \d+/, '"generation": 99')); },
      () => { writeFileSync(vaultFile(), "{}"); },
      () => { rmSync(vaultFile()); },
      () => {
        writeFileSync(vaultFile(), text.replace(/"generation": \d+/, '"generation": 99'));
        rmSync(join(built.folder, "vault", "kek.key"));
      },
    ]) {
      built.close();
      built = openBuiltVault(`localhost:${port}`, "first-value-000000", certificate);
      got = [];
      const output = await deletedThen(act);
      expect(got).toHaveLength(1);
      expect(output).toContain("is not to be trusted");
    }
  });

  test("nor by one under a key of its own, nor by one that claims to have a passphrase, which nobody could be asked for", async () => {
    for (const locator of [undefined, PASSPHRASE]) {
      built.close();
      built = openBuiltVault(`localhost:${port}`, "first-value-000000", certificate);
      got = [];
      const forged = await forge(readFileSync(vaultFile()), locator);
      const output = await deletedThen(() => {
        writeFileSync(vaultFile(), forged);
        rmSync(join(built.folder, "vault", "kek.key"));
      });
      expect(got).toHaveLength(1);
      expect(output).toContain("is not to be trusted");
    }
  });

  test("nor by one that names a key file of its own, with anchor and log gone, so that nobody remembers another", async () => {
    const kek = parseKek(new Uint8Array(randomBytes(32)));
    const folder = join(built.folder, "vault");
    const own = join(built.folder, "own.key");
    const forged = await forge(readFileSync(vaultFile()), { provider: "file", path: own, owned: false }, kek);
    writeFileSync(own, `${Buffer.from(kek).toString("base64")}\n`, { mode: 0o600 });
    const output = await deletedThen(() => {
      writeFileSync(vaultFile(), forged);
      rmSync(join(folder, "anchor.json"));
      rmSync(join(folder, "audit"), { recursive: true });
    });
    expect(got).toHaveLength(1);
    expect(output).toContain("is not to be trusted");
  });

  test("loses what the vault has for as long as it is spoilt, and not for longer", async () => {
    const text = readFileSync(vaultFile());
    const run = asking();
    await turn(run, 1);
    writeFileSync(vaultFile(), "spoilt");
    await sleep(SEEN_MS);
    await turn(run, 2);
    expect(got).toHaveLength(1);
    writeFileSync(vaultFile(), text);
    await sleep(SEEN_MS);
    await turn(run, 3);
    await finish(run);
    expect(got.length).toBeGreaterThan(1);
  });

  test("does not have the vault opened without end: for a file that is touched nobody asks for the key", async () => {
    const run = built.run(`rm "$KEY"; for turn in 1 2 3 4 5 6 7 8 9 10; do ${fetching()}; sleep 0.12; touch "$FILE"; done`, { FILE: vaultFile(), KEY: join(built.folder, "vault", "kek.key") });
    expect(await run.ended).toBe(0);
    expect(got).toEqual(Array.from({ length: 10 }, () => "first-value-000000"));
  });
});

describe.runIf(hasCurl)("(needs Linux and curl) a run whose vault has a passphrase that nobody types again", () => {
  const passphrase = (): string => join(built.folder, "passphrase");
  const typed = (): string[] => ["--passphrase-file", passphrase()];
  /** The file as it was, where nobody remembers a newer one. */
  const putBack = (kept: Uint8Array): void => {
    writeFileSync(vaultFile(), kept);
    rmSync(join(built.folder, "vault", "anchor.json"));
    rmSync(join(built.folder, "vault", "audit"), { recursive: true });
  };
  beforeEach(() => {
    writeFileSync(passphrase(), "correct horse");
    built.vault(["rotate-master", "--new-provider", "passphrase", "--new-passphrase-file", passphrase(), "--kdf", "low"]);
  });

  test("goes on with the old value, and says so at the end", async () => {
    const run = asking(typed());
    await turn(run, 1);
    built.vault(["secrets", "rotate", "API_KEY", ...typed()], "second-value-00000");
    await sleep(SEEN_MS);
    await turn(run, 2);
    const output = await finish(run);
    expect(new Set(got)).toEqual(new Set(["first-value-000000"]));
    expect(output).toContain("an old value of API_KEY was used: the vault has a newer one, and nobody was there to open it");
  });

  test("gets the new value once an agent is there", async () => {
    const run = asking(typed());
    await turn(run, 1);
    built.vault(["secrets", "rotate", "API_KEY", ...typed()], "second-value-00000");
    built.vault(["unlock", ...typed()]);
    await sleep(SEEN_MS);
    await turn(run, 2);
    await finish(run);
    built.vault(["lock"]);
    expect(got.slice(0, 2)).toEqual(["first-value-000000", "second-value-00000"]);
  });

  test("loses a deleted secret all the same, and what it may do at a host that was taken away", async () => {
    built.vault(["secrets", "create", "OTHER", "--host", `localhost:${port}`, "--host", "example.com", ...typed()], "other-value-000000");
    const run = built.run(`${fetching()}; ${fetching("OTHER")}; echo at 1; read line; ${fetching()}; ${fetching("OTHER")}`, {}, typed());
    await run.said("at 1");
    built.vault(["secrets", "delete", "API_KEY", ...typed()]);
    built.vault(["secrets", "update", "OTHER", "--remove-host", `localhost:${port}`, ...typed()]);
    await sleep(SEEN_MS);
    const output = await finish(run);
    expect(got).toHaveLength(2);
    expect(output).toContain("API_KEY was not sent any more: it was deleted");
    expect(output).toContain("OTHER was not sent to localhost");
  });

  test("is told nothing by a change of something else", async () => {
    const run = asking(typed());
    await turn(run, 1);
    built.vault(["secrets", "create", "OTHER", ...typed()], "other-value-000000");
    await sleep(SEEN_MS);
    await turn(run, 2);
    const output = await finish(run);
    expect(new Set(got)).toEqual(new Set(["first-value-000000"]));
    expect(output).not.toContain("warning");
  });

  test("does not take a value from a file that nobody could verify, and what was lost once stays lost when the old file is put back, forged or byte for byte", async () => {
    const kept = readFileSync(vaultFile());
    const run = asking(typed());
    await turn(run, 1);
    built.vault(["secrets", "delete", "API_KEY", ...typed()]);
    await sleep(SEEN_MS);
    await turn(run, 2);
    writeFileSync(vaultFile(), await forge(kept));
    utimesSync(vaultFile(), 0, 0);
    await sleep(SEEN_MS);
    await turn(run, 3);
    putBack(kept);
    await sleep(SEEN_MS);
    await turn(run, 4);
    await finish(run);
    expect(got).toHaveLength(1);
  });

  test("does not get a host back by the old file", async () => {
    built.vault(["secrets", "update", "API_KEY", "--host", "example.com", ...typed()]);
    const kept = readFileSync(vaultFile());
    const run = asking(typed());
    await turn(run, 1);
    built.vault(["secrets", "update", "API_KEY", "--remove-host", `localhost:${port}`, ...typed()]);
    await sleep(SEEN_MS);
    await turn(run, 2);
    putBack(kept);
    await sleep(SEEN_MS);
    await turn(run, 3);
    await finish(run);
    expect(got).toHaveLength(1);
  });
});
