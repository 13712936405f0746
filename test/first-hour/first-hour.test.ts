// From a `.env` full of keys to an agent at work without them: two commands, and no host typed.
import { randomBytes } from "node:crypto";
import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { NODE } from "../support/program.ts";
import { startVault } from "../support/started-program.ts";
import { makeFolder } from "../support/temporary.ts";
import { makeTestCa } from "../support/test-ca.ts";
import { openUserProxy } from "../support/user-proxy.ts";

const letters = (count: number): string => randomBytes(count).toString("base64url").replaceAll(/[-_]/g, "x").slice(0, count);
const hex = (count: number): string => randomBytes(count).toString("hex").slice(0, count);

/** Shaped like the real ones, and nobody's. */
const KEYS: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: `sk-proj-${letters(48)}`,
  ANTHROPIC_API_KEY: `sk-ant-api03-${letters(93)}AA`,
  GITHUB_TOKEN: `ghp_${letters(36)}`,
  STRIPE_SECRET_KEY: `sk_test_${letters(99)}`,
  SLACK_BOT_TOKEN: `xoxb-${letters(56)}`,
  GROQ_API_KEY: `gsk_${letters(52)}`,
  MISTRAL_API_KEY: letters(32),
  DEEPSEEK_API_KEY: `sk-${hex(32)}`,
  OPENROUTER_API_KEY: `sk-or-v1-${hex(64)}`,
  PERPLEXITY_API_KEY: `pplx-${letters(48)}`,
  HF_TOKEN: `hf_${letters(34)}`,
  REPLICATE_API_TOKEN: `r8_${letters(37)}`,
  NOTION_TOKEN: `ntn_${letters(46)}`,
  LINEAR_API_KEY: `lin_api_${letters(40)}`,
  GITLAB_TOKEN: `glpat-${letters(22)}`,
  SENDGRID_API_KEY: `SG.${letters(22)}.${letters(43)}`,
  SENTRY_AUTH_TOKEN: `sntryu_${hex(64)}`,
  TAVILY_API_KEY: `tvly-${letters(32)}`,
  CLOUDFLARE_API_TOKEN: letters(40),
  VERCEL_TOKEN: letters(24),
};
const SETTINGS = ["# who we are", "NODE_ENV=development", "PORT=3000", "LOG_LEVEL=debug"];
const HOSTS = ["api.openai.com", "api.anthropic.com", "api.github.com", "api.stripe.com", "slack.com"];

test("twenty keys of a .env go into the vault, and an agent asks five services without having them", async () => {
  const folder = makeFolder();
  const envFile = join(folder, ".env");
  writeFileSync(envFile, [...SETTINGS, ...Object.entries(KEYS).map(([name, value]) => `${name}=${value}`), ""].join("\n"));
  cpSync(fileURLToPath(new URL("agent.mjs", import.meta.url)), join(folder, "agent.mjs"));
  const services = await openServices();
  try {
    const ca = join(folder, "ca.pem");
    writeFileSync(ca, services.certificate);
    // The services are reached as from a company's network, whose proxy knows where they are.
    const env = { PATH: process.env["PATH"], HOME: folder, VAULT_DIR: join(folder, "vault"), HTTPS_PROXY: services.proxyUrl };

    const imported = await startVault(["secrets", "import", ".env", "--delete-source", "--skip", "NODE_ENV", "--skip", "PORT", "--skip", "LOG_LEVEL"], { cwd: folder, env });
    expect(imported).toMatchObject({ status: 0, out: expect.stringContaining("imported 20") as string });
    const ran = await startVault(["run", "--dotenv", ".env", "--upstream-ca", ca, "--", NODE, "agent.mjs"], { cwd: folder, env });
    expect(ran).toMatchObject({ status: 0 });

    for (const host of HOSTS) expect(ran.out).toMatch(new RegExp(`^200 https://${host}/.* admitted$`, "m"));
    expect(ran.out).toContain('"NODE_ENV":"development"');
    const left = [imported.out, imported.err, ran.out, ran.err, ...filesBelow(folder).map((file) => readFileSync(file, "latin1"))];
    for (const [name, value] of Object.entries(KEYS)) expect(left.some((text) => text.includes(value)), name).toBe(false);
    expect(readFileSync(envFile, "utf8").split("\n").slice(0, SETTINGS.length)).toEqual(SETTINGS);
  } finally {
    await services.close();
  }
}, 60_000);

interface Services {
  readonly certificate: string;
  readonly proxyUrl: string;
  close(): Promise<void>;
}

/** All five, behind the user's own proxy: each admits its real key alone, in the place where it takes one. */
async function openServices(): Promise<Services> {
  const ca = makeTestCa();
  const contexts = new Map(HOSTS.map((host) => [host, createSecureContext(ca.identityFor(host))]));
  const credentials = new Map<string, string>([
    ["api.openai.com", `Bearer ${KEYS["OPENAI_API_KEY"] ?? ""}`],
    ["api.anthropic.com", KEYS["ANTHROPIC_API_KEY"] ?? ""],
    ["api.github.com", `token ${KEYS["GITHUB_TOKEN"] ?? ""}`],
    ["api.stripe.com", `Basic ${Buffer.from(`${KEYS["STRIPE_SECRET_KEY"] ?? ""}:`).toString("base64")}`],
    ["slack.com", `Bearer ${KEYS["SLACK_BOT_TOKEN"] ?? ""}`],
  ]);
  const server = createServer({ SNICallback: (name, done) => { done(null, contexts.get(name)); } }, ({ headers }, response) => {
    const given = headers.authorization ?? headers["x-api-key"];
    const isAdmitted = given === credentials.get(headers.host ?? "");
    response.writeHead(isAdmitted ? 200 : 401).end(isAdmitted ? "admitted" : "who are you?");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = await openUserProxy("me:there", undefined, (server.address() as AddressInfo).port);
  return {
    certificate: ca.certificate,
    proxyUrl: `http://me:there@127.0.0.1:${proxy.port}`,
    async close() {
      await proxy.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}
