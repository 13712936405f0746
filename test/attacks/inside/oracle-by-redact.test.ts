// `vault run --redact` writes what the program prints to a file that the program can read. It prints the beginning of a guess and looks how much has come out: held back was what
// began a value, so it read out every secret of the run, and the bound hosts had no part in it. By whole values it heard even of secrets that it had not been given.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const TOKEN = "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1";
const OTHER = "xoxb-263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1";

let built: BuiltVault;
beforeAll(() => {
  built = openBuiltVault("api.example.com", TOKEN, makeTestCa().certificate);
  built.vault(["secrets", "create", "OTHER", "--host", "other.example.com"], OTHER);
});
afterAll(() => {
  built.close();
});

/** What has come out of a guess while the program waits, and what in the end. */
async function guess(text: string): Promise<{ readonly seen: string; readonly all: string }> {
  const file = join(built.folder, "out");
  writeFileSync(file, "");
  const script = `exec 3>&1; printf 'Guess: %s' '${text}'; until [ -s "${file}" ]; do sleep 0.02; done; sleep 0.1; echo "<$(cat "${file}")>" >&2; printf ' end'`;
  const run = built.run(script, {}, ["--redact"]);
  let all = "";
  run.process.stdout?.on("data", (chunk: Buffer) => {
    all += chunk.toString();
    writeFileSync(file, all);
  });
  expect(await run.ended).toBe(0);
  return { seen: /<([^>]*)>/.exec(run.output())?.[1] ?? "", all };
}

it("a right guess looks like a wrong one", async () => {
  for (const text of ["ghp_9fK2m", "ghp_9fK2X", "ghp_Q", Buffer.from(TOKEN).toString("hex").slice(0, 12), "nothing"]) expect(await guess(text)).toEqual({ seen: "Guess: ", all: `Guess: ${text} end` });
});

it("a value that the program was given is redacted; one that it was not looks like any other text", async () => {
  const run = built.run(`printf 'one %s two %s\\n' '${TOKEN}' '${OTHER}'`, {}, ["--redact", "-s", "API_KEY"]);
  expect(await run.ended).toBe(0);
  expect(run.output()).toMatch(new RegExp(`^one vault_ph_\\w+ two ${OTHER}$`, "m"));
});
