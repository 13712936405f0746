// docs/ci.md's jobs: what they run, typed after the blocks above them, with the CI's secrets as variables and the packages of the machine.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { hasTools } from "../support/transcript.ts";
import { findBlocks, makeBlock, readPage } from "./page-blocks.ts";
import type { PageStage } from "./page-stage.ts";
import { openPageStage } from "./page-stage.ts";

interface GitHubStep {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly steps?: readonly GitHubStep[];
  readonly script?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

const PAGE = readPage("docs/ci.md");
const VALUE = "aB3xK9mQ2wE7rT5yU1pZ8vN4";
const jobs = [...PAGE.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text = ""]) => {
  const document = parse(text) as { readonly jobs?: { readonly release: Job }; readonly release?: Job };
  return document.jobs?.release ?? document.release ?? {};
});
const [, , github = {}, gitlab = {}] = jobs;

const exported = (variables: Readonly<Record<string, string>>): string => Object.entries(variables).map(([name, value]) => `export ${name}="${value.replaceAll(/\$\{\{ secrets\.(\w+) \}\}/g, "$$$1")}"\n`).join("");

describe.skipIf(!hasTools())("the jobs of docs/ci.md (need curl and python3)", () => {
  let stage: PageStage;
  beforeAll(async () => {
    stage = await openPageStage({
      variables: { TOKEN: VALUE },
      rootsIn: ["ci-vault"],
      files: { "release.sh": '#!/bin/sh\nset -e\nprintenv | grep -c "^VAULT_" && exit 1\ncurl -sS https://api.example.com/release -H "Authorization: Bearer $DEPLOY_TOKEN"\n' },
      programs: { vaultrun: 'exec vault "$@"', npm: 'echo "$*" | grep -qx "install --global vaultrun"' },
    });
    for (const block of findBlocks(PAGE)) {
      if (block.notRun === undefined) expect((await stage.type(block)).status).toBe(0);
    }
    expect((await stage.type(makeBlock("chmod +x release.sh\nexport KEPT=$VAULT_MASTER_KEY\nunset VAULT_DIR VAULT_MASTER_KEY"))).status).toBe(0);
  }, 120_000);
  afterAll(() => stage.close());

  it.each([
    ["GitHub's", (github.steps ?? []).map(({ run = "", env = {} }) => `${exported(env)}${run}`)],
    ["GitLab's", [exported({ VAULT_MASTER_KEY: "$KEPT", ...gitlab.variables }), ...(gitlab.script ?? [])]],
  ])("%s runs its script, which has no key", async (_, lines) => {
    const { status, output } = await stage.type(makeBlock(`(\nexport VAULT_MASTER_KEY="$KEPT"\n${lines.join("\n")}\n)`));
    expect(status, output).toBe(0);
    expect(output).toContain("DEPLOY_TOKEN");
    expect(output).not.toContain(VALUE);
    expect(stage.heard("api.example.com").split("GET /release").at(-1)).toContain(`Bearer ${VALUE}`);
  }, 120_000);

  it("without the key it ends with 125, and a reason", async () => {
    const { status, output } = await stage.type(makeBlock("(export VAULT_DIR=ci-vault; exec vaultrun run -- ./release.sh)"));
    expect([status, output]).toEqual([125, expect.stringContaining('"VAULT_MASTER_KEY"')]);
  }, 60_000);

  it("GitHub's with a broker gives the action what it takes", () => {
    const step = jobs[0]?.steps?.at(-1);
    const { inputs } = parse(readPage("deploy/github-action/action.yml")) as { readonly inputs: Readonly<Record<string, unknown>> };
    expect(step?.uses).toMatch(/\/deploy\/github-action@/);
    expect(Object.keys(step?.with ?? {}).filter((name) => inputs[name] === undefined)).toEqual([]);
    expect(jobs[1]?.script?.at(-1)).toMatch(/^vaultrun run --broker https:\/\/\S+ --identity ci -- /);
  });
});
