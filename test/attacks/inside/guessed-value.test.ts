// A program has its output handed back, a list of guesses, and looks which line has become the placeholder. No scrubber can hide that and still scrub: so a value
// that can be guessed is warned of when it is stored, and can be kept out of it.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { makeTestCa } from "../../support/test-ca.ts";

const WEAK = "hunter2-2026";
let built: BuiltVault;
beforeAll(() => {
  built = openBuiltVault("api.example.com", "ghp_9fK2mQ7xT4vB1nR8sW3zL6cY5dH0jP2aE7u1", makeTestCa().certificate);
});
afterAll(() => {
  built.close();
});

const guesses = `printf '%s\\n' summer-2026 ${WEAK} winter-2026`;

it("a value that can be guessed is warned of, by what would help; another is not", () => {
  expect(built.vault(["secrets", "create", "PIN", "--host", "pin.example.com"], WEAK)).toContain('the value of "PIN" could be guessed: a program that has a bound host hand its guesses back sees which one is replaced; take a longer value, or have answers not looked through for it: vault secrets update PIN --no-scrub');
  expect(built.vault(["secrets", "rotate", "PIN"], `${WEAK}!`)).toContain("could be guessed");
  expect(built.vault(["secrets", "rotate", "PIN"], WEAK)).not.toContain(WEAK);
  expect(built.vault(["secrets", "create", "KEY", "--host", "pin.example.com"], "kZ8!vR2#pQ9xW4mT")).not.toContain("guessed");
});

it("it is told by its placeholder", async () => {
  const run = built.run(guesses, {}, ["--redact", "-s", "PIN"]);
  expect(await run.ended).toBe(0);
  expect(run.output()).toMatch(/^summer-2026\nvault_ph_\w+\nwinter-2026$/m);
});

it("kept out of it, it looks like every other guess", async () => {
  built.vault(["secrets", "update", "PIN", "--no-scrub"]);
  const run = built.run(guesses, {}, ["--redact", "-s", "PIN"]);
  expect(await run.ended).toBe(0);
  expect(run.output()).toContain(`summer-2026\n${WEAK}\nwinter-2026`);
  expect(built.vault(["secrets", "rotate", "PIN"], WEAK)).not.toContain("guessed");
});
