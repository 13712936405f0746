// What each page takes for granted, what it has to lead to, and which of its blocks cannot be run here.
import type { Beginning } from "./page-stage.ts";

export interface Page extends Beginning {
  /** Hosts, and the value that has to be with them in the end: the page's own promise. None of these values may have been printed. */
  readonly arrives?: readonly (readonly [string, string])[];
  /** For pages whose requests are made behind the wall. */
  readonly needsWall?: boolean;
}

const GITHUB = "ghp_4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2";
const ANTHROPIC = "sk-ant-api03-Zx81qT7hN3vWc0pLr5dFgHjKlMn2bVcXz9aSdFgHjKlQwErTyUiOp4mNbVcXz6aSdFgHjKlQwErTyUiOp1mNbVcXz8aSdFgHAA";
const OPENAI = "sk-proj-4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2Rt9sQe2VnXw7Lr0TyUa3";
const OTHER = "aB3xK9mQ2wE7rT5yU1pZ8vN4";

/** Typed twice for `vault init`, and once more for `vault unlock`. */
const NEW_PASSPHRASE: readonly (readonly [string, string])[] = [["assphrase", "long passphrase"], ["again", "long passphrase"], ["made a vault.*assphrase", "long passphrase"]];

/** Stand-ins: what they print, or the one request that they make. */
const CLAUDE = 'curl -sS https://api.anthropic.com/v1/models -H "x-api-key: $ANTHROPIC_API_KEY"; curl -sS https://api.github.com/user -H "Authorization: Bearer $GITHUB_TOKEN"';
const AGENT_JS = "console.log(typeof process.env.OPENAI_API_KEY, process.env.PORT);\n";
const ENV_FILE = `OPENAI_API_KEY=${OPENAI}\nBILLING_KEY=${OTHER}\nPORT=3000\n`;
const MCP_SERVER = `printf "the server's call answered: "; curl -sS https://api.github.com/user -H "Authorization: Bearer $GITHUB_PERSONAL_ACCESS_TOKEN"`;

export const PAGES: Readonly<Record<string, Page>> = {
  "README.md": {
    programs: { claude: CLAUDE },
    typed: {
      "vault init --provider passphrase     # asks for a passphrase, twice": [...NEW_PASSPHRASE, ["Value of GITHUB_TOKEN", GITHUB]],
      "vault secrets create ANTHROPIC_API_KEY": [["Value of ANTHROPIC_API_KEY", ANTHROPIC]],
    },
    arrives: [["api.github.com", GITHUB], ["api.anthropic.com", ANTHROPIC]],
    needsWall: true,
  },
  "docs/start.md": { variables: { TOKEN: GITHUB, NEW_TOKEN: OTHER, TOKEN_OF_NOBODY: "nothing" }, arrives: [["api.github.com", GITHUB]] },
  "docs/agents.md": { files: { "anthropic.txt": ANTHROPIC, "github.txt": GITHUB }, programs: { claude: CLAUDE }, arrives: [["api.github.com", GITHUB], ["api.anthropic.com", ANTHROPIC]] },
  "docs/wall.md": { programs: { claude: "true" } },
  "docs/mcp.md": { files: { "token.txt": GITHUB }, programs: { npx: MCP_SERVER }, arrives: [["api.github.com", GITHUB]] },
  "docs/env-files.md": { files: { ".env": ENV_FILE, "agent.js": AGENT_JS } },
  "docs/scan.md": { files: { ".env": `OPENAI_API_KEY=${OPENAI}\nPORT=3000\n` }, variables: { GIT_CONFIG_NOSYSTEM: "1" } },
  "docs/skill.md": { files: { "token.txt": GITHUB } },
  "docs/tool-credentials.md": { files: { "token.txt": GITHUB } },
  "docs/project-file.md": { files: { ".env": `OPENAI_API_KEY=${OPENAI}\nPORT=3000\n`, "agent.js": AGENT_JS } },
  "docs/services.md": { variables: { KEY: OPENAI } },
  "docs/presets.md": {},
  "docs/approvals.md": { variables: { TOKEN: GITHUB } },
  "docs/rules.md": { variables: { TOKEN: GITHUB }, arrives: [["api.github.com", GITHUB]] },
  "docs/places.md": { variables: { KEY: OTHER }, arrives: [["billing.example.com", OTHER]] },
  "docs/sources.md": { programs: { gcloud: `echo ${OTHER}`, op: "echo team-token-value" }, arrives: [["api.example.com", OTHER]] },
  "docs/sealed-files.md": { files: { "config.yaml": "database:\n  password: a-password\nusers:\n  - token: a-token\n", ".env": "A=1\n" } },
  "docs/moving.md": {
    files: { ".env": `OPENAI_API_KEY=${OPENAI}\nPORT=3000\n`, "agent.js": AGENT_JS },
    variables: { TOKEN: GITHUB, KEY: OPENAI },
    programs: { dotenvx: `printf '{"DOTENV_PUBLIC_KEY":"03f8a376","GITHUB_TOKEN":"${GITHUB}"}'`, varlock: `printf '{"GITHUB_TOKEN":"${GITHUB}","APP_ENV":"development"}'`, op: `echo ${OTHER}` },
    arrives: [["api.github.com", GITHUB], ["api.mistral.ai", OPENAI], ["api.notion.com", OTHER]],
  },
  "docs/ci.md": { variables: { TOKEN: OTHER }, rootsIn: ["ci-vault"] },
  "docs/containers.md": { variables: { TOKEN: GITHUB }, rootsIn: ["volume"], arrives: [["api.github.com", GITHUB]] },
  "docs/server.md": { variables: { TOKEN: GITHUB }, typed: { "vault init --provider passphrase": NEW_PASSPHRASE }, arrives: [["api.github.com", GITHUB]] },
  "docs/team.md": { variables: { TOKEN: GITHUB, KEY: OTHER }, arrives: [["billing.example.com", OTHER]] },
  "docs/troubleshooting.md": { before: "printf ghp_4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2 | vault secrets create GITHUB_TOKEN" },
};

/** By page and name. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  "README.md: demo": "needs the sources and a registry; the build of each change runs both lines",
  "README.md: install": "writes into this machine's own folders; test/cli/package.test.ts installs the packed program",
  "docs/ci.md: broker": "wants a broker: test/broker/broker-page.test.ts has one, and test/deploy/github-action.test.ts the action",
  "docs/containers.md: docker": "wants an engine: test/deploy/image.test.ts builds the image and runs both containers",
  "docs/mcp.md: login": "logs in at a provider that is not here: test/app/logins has stand-ins",
  "docs/moving.md: authsome-login": "logs in at a provider that is not here: test/app/logins has stand-ins",
  "docs/moving.md: aws": "wants AWS: test/clients/aws.test.ts has moto in its place",
  "docs/sources.md: mints": "wants Google, GitHub and AWS: test/agent/sources and test/clients/aws.test.ts have stand-ins",
  "docs/team.md: store": "wants a database: test/app/stores has them",
};
