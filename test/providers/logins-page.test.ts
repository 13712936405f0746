import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describeNeeds, providerObjects, providerTable } from "../../src/cli/output/provider-lines.ts";
import { getProvider, listProviders } from "../../src/providers/registry.ts";
import { findTable, formatProviders, putTable } from "./logins-page.ts";

const PAGE = fileURLToPath(new URL("../../docs/logins.md", import.meta.url));
/** `VAULT_WRITE_LOGINS=1` writes the table in docs/logins.md instead of checking it. */
const isWriting = process.env["VAULT_WRITE_LOGINS"] === "1";

describe("docs/logins.md", () => {
  it("has the table that follows from the providers' files", () => {
    const page = readFileSync(PAGE, "utf8");
    const table = formatProviders(listProviders());
    if (isWriting) writeFileSync(PAGE, putTable(page, table));
    else expect(findTable(page)).toBe(table);
  });
});

describe("the list of providers", () => {
  it("says of each what the user brings", () => {
    expect(["todoist", "github", "gitlab", "google", "microsoft", "okta"].map((id) => describeNeeds(getProvider(id)))).toEqual(["nothing", "client id, its secret for the browser", "client id, perhaps its secret", "client id, its secret", "client id", "your server's address, client id, perhaps its secret"]);
  });

  it("has a line for each, and whom its token is for", () => {
    const lines = providerTable(undefined);
    expect(lines.length).toBe(listProviders().length + 1);
    const words = (id: string) => lines.find((line) => line.startsWith(`${id} `))?.split(/ {2,}/);
    expect(words("github")).toEqual(["github", "code, browser", "client id, its secret for the browser", "GITHUB_TOKEN", "github"]);
    expect(words("keycloak")?.at(-1)).toBe("your server");
    expect(words("google")?.at(-1)).toMatch(/\.googleapis\.com and \d+ more$/);
    expect(words("amazon-cognito")?.at(-1)).toBe("what --host says");
  });

  it("is JSON with everything that its files say, and no secret", () => {
    const objects = JSON.parse(JSON.stringify(providerObjects())) as Record<string, unknown>[];
    expect(objects.find(({ id }) => id === "dropbox")).toMatchObject({ needs: "client id, perhaps its secret", redirectUri: "http://localhost:27183/callback", service: "dropbox", authorizationParameters: { token_access_type: "offline" }, endpoints: { token: "https://api.dropboxapi.com/oauth2/token" } });
    expect(objects.every((object) => typeof object["needs"] === "string")).toBe(true);
  });
});
