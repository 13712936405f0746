// A program keeps its placeholders, in a file, in a client's login, at an accomplice's, and comes back with them in a later run that gives it fewer secrets, other ones,
// or the same ones anew. Placeholders are the same in every run, so that a stored login goes on working; what they open is what the run at hand was given, and nothing more.
import { beforeAll, describe, expect, it } from "vitest";
import { openBuiltStage } from "../../support/built-stage.ts";
import { VALUE } from "../../support/proxy-run.ts";
import { hasTools } from "../../support/transcript.ts";

const OTHER_VALUE = "other-Qx72~mN/4+jR9sKd1wYz";

const { upstream, built } = await openBuiltStage(VALUE);
let kept: { readonly api: string; readonly other: string };
beforeAll(async () => {
  built.vault(["secrets", "create", "OTHER_KEY", "--host", `localhost:${upstream.port}`], OTHER_VALUE);
  kept = await placeholdersOf([]);
});

async function placeholdersOf(options: readonly string[]): Promise<{ readonly api: string; readonly other: string }> {
  const run = built.run('printf "API=%s.\\nOTHER=%s.\\n" "$API_KEY" "$OTHER_KEY"', {}, options);
  await run.ended;
  const find = (name: string): string => new RegExp(`^${name}=(.*)\\.$`, "m").exec(run.output())?.[1] ?? "";
  return { api: find("API"), other: find("OTHER") };
}

/** What one request with these credentials meets, in a run with these options. */
async function use(credentials: string, options: readonly string[]): Promise<{ readonly status: string; readonly refusal: string; readonly sent: string; readonly said: string }> {
  const before = upstream.received().length;
  const run = built.run(`curl -s -S --max-time 10 -D - -w '\\nSTATUS=%{http_code}\\n' https://localhost:${upstream.port}/ ${credentials}`, {}, options);
  await run.ended;
  const [, status = ""] = /^STATUS=(\d+)$/m.exec(run.output()) ?? [];
  const [, refusal = ""] = /^x-vault-refusal: (\S+)/im.exec(run.output()) ?? [];
  return { status, refusal, sent: upstream.received().slice(before), said: run.output() };
}

describe.skipIf(!hasTools())("(needs curl) a placeholder of an earlier run", () => {
  it("is the same in the next, and works there: what a client has stored goes on working", async () => {
    expect(await placeholdersOf([])).toEqual(kept);
    expect(kept.api).not.toBe(kept.other);
    const { status, sent } = await use(`-H "Authorization: Bearer ${kept.other}"`, []);
    expect([status, sent.includes(OTHER_VALUE)]).toEqual(["200", true]);
  });

  it("of a secret that this run does not give is refused with the reason, in every credential header", async () => {
    for (const credentials of [`-H "Authorization: Bearer ${kept.other}"`, `-H "X-Api-Key: ${kept.other}"`, `-u "me:${kept.other}"`, `-H "Cookie: session=${kept.other}"`]) {
      const { status, refusal, sent, said } = await use(credentials, ["-s", "API_KEY"]);
      expect([status, refusal, sent]).toEqual(["403", "not-given", ""]);
      expect(said).toContain("a secret that this run was not given");
      expect(said).not.toContain(OTHER_VALUE);
    }
  });

  it("is refused where fresh ones are asked for, which are others each time", async () => {
    const fresh = [await placeholdersOf(["--fresh-placeholders"]), await placeholdersOf(["--fresh-placeholders"])];
    expect(new Set([kept.api, ...fresh.map(({ api }) => api)]).size).toBe(3);
    for (const placeholder of [kept.api, fresh[0]?.api]) expect(await use(`-H "X-Api-Key: ${placeholder ?? ""}"`, ["--fresh-placeholders"])).toMatchObject({ status: "403", refusal: "not-given", sent: "" });
    expect(await use(`-H "X-Api-Key: ${fresh[0]?.api ?? ""}"`, [])).toMatchObject({ status: "403", refusal: "not-given", sent: "" });
  });

  it("outlives a new value and a new master key, and not the secret", async () => {
    built.vault(["secrets", "rotate", "OTHER_KEY"], `${OTHER_VALUE}-2`);
    built.vault(["rotate-master"]);
    const { status, sent } = await use(`-H "X-Api-Key: ${kept.other}"`, []);
    expect([status, sent.includes(`${OTHER_VALUE}-2`)]).toEqual(["200", true]);
    built.vault(["secrets", "delete", "OTHER_KEY"]);
    built.vault(["secrets", "create", "OTHER_KEY", "--host", `localhost:${upstream.port}`], OTHER_VALUE);
    expect((await placeholdersOf([])).other).not.toBe(kept.other);
    expect(await use(`-H "X-Api-Key: ${kept.other}"`, [])).toMatchObject({ status: "403", refusal: "not-given", sent: "" });
  });

  it("that is spelled otherwise goes to nobody as a credential", async () => {
    const { status, refusal, sent } = await use(`-H "X-Api-Key: ${kept.api.slice(0, -1)}${kept.api.endsWith("A") ? "B" : "A"}"`, []);
    // Somebody's guess, or one of another vault's: it says what it is.
    expect([status, refusal, sent]).toEqual(["403", "not-given", ""]);
  });
});
