// Every example of every --help is run as it is printed, line breaks included. What an example takes for granted stands in the table below; so does, with its reason, each one that is run in another way.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NODE, RUN_JS } from "../support/program.ts";
import { can } from "../support/machine.ts";
import type { LoginServer } from "../support/login-server.ts";
import { openLoginServer } from "../support/login-server.ts";
import { makeFolder } from "../support/temporary.ts";
import { hasTools, runTranscript } from "../support/transcript.ts";

const supported = (name: string): string => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
const manifest = JSON.parse(readFileSync(fileURLToPath(new URL("../../oclif.manifest.json", import.meta.url)), "utf8")) as { commands: Record<string, { examples?: (string | { command: string })[] }> };
const ids = Object.keys(manifest.commands).sort();

const VAULT = ["have vault"];
const GITHUB = ["in ghp_value", "vault secrets create GITHUB_TOKEN --host api.github.com"];
const API = ["in value", "vault secrets create API_KEY --host api.example.com --host api.example.com:8443"];
const FILES = ["printf 'OPENAI_API_KEY=sk-proj-4bK9sQe2VnXw7Lr0TyUa3Zc6Hd1Gf5Jm8Pq2Rt\\nBILLING_KEY=aB3xK9mQ2wE7rT5yU1pZ\\nPORT=3000\\n' > .env", "echo 'console.log(Object.keys(process.env).length)' > agent.js"];
const CONFIG = `printf '{"database":{"password":"p"},"users":[{"token":"t"}]}' > config.json`;
const SERVICE = `printf '{"id":"billing","title":"Billing","variables":["BILLING_TOKEN"],"hosts":["billing.example.com:443"],"credentials":[{"place":"header","header":"authorization","form":"Bearer {key}"}],"placeholders":["bill_[A-Za-z0-9]{32}"],"documentation":"https://billing.example.com/"}' > billing.json`;

/** Lines of a transcript before the first example of a command. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  accept: VAULT,
  approve: VAULT,
  ask: [],
  audit: VAULT,
  "aws-credential-process": [],
  completion: [],
  "docker-credential": [],
  "git-credential": [],
  "kube-exec": [],
  deny: VAULT,
  doctor: [...VAULT, ...FILES],
  explain: [...VAULT, ...API],
  help: [],
  "identity:accept": [...VAULT, ...GITHUB, "vault secrets attach-group GITHUB_TOKEN --workspace acme --group ci"],
  "identity:claim": ["vault identity create build-runner"],
  "identity:create": [],
  "identity:list": VAULT,
  "identity:reject": VAULT,
  "identity:revoke": [...VAULT, "vault identity accept did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp --as build-runner"],
  init: FILES,
  lock: VAULT,
  login: [...VAULT, "printf secret > client-secret.txt"],
  logout: VAULT,
  mcp: [...VAULT, "mkdir bin", "printf '#!/bin/sh\\necho \"$@\" >> called\\n' > bin/claude", "chmod +x bin/claude", "set PATH=$DIR/bin:$PATH"],
  "rotate-master": VAULT,
  run: [...VAULT, ...API, ...FILES, "vault secrets import .env --host BILLING_KEY=billing.example.com --skip PORT"],
  scan: [...FILES, "mkdir src", "cp agent.js src", "git init -q", "git add agent.js"],
  seal: [...VAULT, CONFIG, "echo A=1 > .env", "vault seal .env --field A"],
  "secrets:attach-group": [...VAULT, ...GITHUB],
  "secrets:create": [...VAULT, "printf 0123456789abcdef > key.txt", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out AuthKey.p8", "set TOKEN=ghp_value"],
  "secrets:delete": [...VAULT, ...GITHUB],
  "secrets:detach-group": [...VAULT, ...GITHUB, "vault secrets attach-group GITHUB_TOKEN --workspace acme --group backend"],
  "secrets:import": [...VAULT, ...FILES, "set KEY=sk-from-the-shell"],
  "secrets:list": VAULT,
  "secrets:rotate": [...VAULT, ...GITHUB, "set NEW_TOKEN=ghp_other"],
  "secrets:show": [...VAULT, ...GITHUB],
  "secrets:update": [...VAULT, ...GITHUB, ...API, "vault secrets create DEPLOY_TOKEN --host deploy.example.com --source command -- /bin/echo value-of-the-token"],
  serve: VAULT,
  "services:add": [SERVICE],
  "services:list": [],
  "services:show": [],
  "skill:install": [],
  status: VAULT,
  "store:migrate": VAULT,
  "store:restore": VAULT,
  unlock: VAULT,
  unseal: [...VAULT, CONFIG, "vault seal config.json --field database.password", "set ENCRYPTION_KEY=b3BlbiBzZXNhbWUsIHNhaWQgYWxpIGJhYmEgdG8gaXQ=", "echo A=1 > .env", "vault seal .env --field A --key-env ENCRYPTION_KEY"],
};

interface Otherwise {
  readonly why: string;
  readonly lines: (printed: string) => readonly string[];
}

/** Providers, one that has codes to type and one that has none. */
let providers: Readonly<Record<"device" | "browser", LoginServer>>;

/** The same login at a provider of this machine, by somebody who does what the program says. */
function atTestProvider(printed: string): readonly string[] {
  const { issuer, authority, certificate } = providers[printed.includes("--device") ? "device" : "browser"];
  const root = join(makeFolder(), "root.pem");
  writeFileSync(root, certificate);
  const typed = printed.replace(/^vault login (?:[a-z]+|--issuer \S+)/, `vault login --issuer ${issuer}`).replaceAll(/ --(?:base-url|client-id|client-secret-file|scope|upstream-ca) \S+/g, "");
  return [`${typed}${typed.includes("--name") ? "" : " --name GITLAB_TOKEN"} --host ${authority} --upstream-ca ${root} 2>&1 | ${NODE} ${supported("../../.config/run-ts.js")} ${supported("enter-login.ts")} ${root}`, "out logged in at localhost"];
}

const NO_STORE = "wants a store, which is not here: test/app/stores has them";
const NO_BROKER = "wants a broker, which is not here: test/broker has them";
const NOTHING_WAITS = "wants a request that waits, and none does here: test/app/approvals has them";
const ELSEWHERE = "logs in at a provider that is not here";

/** By the example as a shell reads it. */
const OTHERWISE: Readonly<Record<string, Otherwise>> = {
  "vault accept gEbUQo5GJmL8B2MwfZLxQw==": { why: "names another vault", lines: (printed) => [`2: ${printed}`, `sh -c 'vault accept "$(sed -n "s/^  .vault.: .\\(.*\\).,$/\\1/p" "$VAULT_DIR/vault.json")"'`] },
  "vault ask GITHUB_TOKEN --reason 'to open the pull request'": { why: "is for a program in a run, and waits for a person", lines: (printed) => [`2: ${printed}`] },
  "vault approve k7f3x --for run": { why: NOTHING_WAITS, lines: (printed) => [`7: ${printed}`] },
  "vault deny k7f3x": { why: NOTHING_WAITS, lines: (printed) => [`7: ${printed}`] },
  "vault deny k7f3x --reason 'not on a Friday'": { why: NOTHING_WAITS, lines: (printed) => [`7: ${printed}`] },
  'eval "$(vault completion bash)"': { why: "is for bash, and transcripts are run by sh", lines: (printed) => [`bash -c '${printed}'`] },
  "vault audit --follow --limit 1": { why: "goes on until it is interrupted", lines: (printed) => [`timeout --preserve-status -s INT 8 ${printed}`] },
  "vault identity accept build-runner --did did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp --workspace acme --group ci": { why: "nobody has asked here", lines: (printed) => [`7: ${printed}`, printed.replace(/(build-runner) --did (\S+)/, "$2 --as $1")] },
  "vault identity claim --broker https://broker.example:7998 --identity build-runner": { why: NO_BROKER, lines: (printed) => [`14: ${printed}`] },
  "vault identity reject build-runner": { why: "nobody has asked here", lines: (printed) => [`7: ${printed}`] },
  "vault scan --json .env": { why: "finds something", lines: (printed) => [`15: ${printed}`, "no out sk-proj-4b", 'out "service":"openai"'] },
  "vault serve": { why: "goes on until it is interrupted, at a port that another may have", lines: (printed) => [`timeout --preserve-status -s INT 4 ${printed} --listen 127.0.0.1:0`] },
  "vault serve --listen 0.0.0.0:7998 --tls-cert broker.pem --tls-key broker.key --name https://broker.example:7998": { why: "wants a certificate", lines: (printed) => [`2: ${printed}`] },
  "vault init --provider passphrase": { why: "asks twice at a terminal", lines: (printed) => [`tty: "long passphrase" "long passphrase" ${printed}`, "rm -r $DIR/../vault"] },
  "vault init --store rediss://store.example.com/0 --provider passphrase": { why: NO_STORE, lines: (printed) => [`14: ${printed}`] },
  "vault store migrate --to postgres://vault@db.example.com/vault": { why: NO_STORE, lines: (printed) => [`14: ${printed}`] },
  "vault store migrate --to file": { why: NO_STORE, lines: (printed) => [`2: ${printed}`] },
  "vault store restore": { why: NO_STORE, lines: (printed) => [`2: ${printed}`] },
  "vault init --provider file --file-path ./vault.key": { why: "the next example is another project's", lines: (printed) => [printed] },
  "vault services add billing.json": { why: "asks at a terminal", lines: (printed) => [`tty: "y" ${printed}`, "rm $DIR/../vault/services/billing.json"] },
  "vault login github --client-id Iv1.0123456789abcdef --device": { why: ELSEWHERE, lines: (printed) => [...atTestProvider(printed), "vault secrets delete GITLAB_TOKEN"] },
  "vault login google --name WORK_MAIL --scope https://www.googleapis.com/auth/gmail.readonly --client-id ID.apps.googleusercontent.com --client-secret-file client-secret.txt": { why: ELSEWHERE, lines: atTestProvider },
  "vault login gitlab --base-url https://gitlab.example.com --client-id 0123456789abcdef --upstream-ca company-root.pem": { why: ELSEWHERE, lines: (printed) => [...atTestProvider(printed), "vault secrets delete GITLAB_TOKEN"] },
  "vault login --issuer https://mcp.example.com/mcp": { why: ELSEWHERE, lines: atTestProvider },
  "vault logout GITLAB_TOKEN": { why: "wants a login", lines: (printed) => [...atTestProvider("vault login gitlab"), printed] },
  "vault secrets create OPENAI_API_KEY --browser": { why: "wants a person with a browser", lines: (printed) => [`${printed} 2>&1 | ${NODE} ${supported("enter-value.mjs")}`, "out created OPENAI_API_KEY for api.openai.com:443"] },
  "vault secrets create TEAM_TOKEN --host api.example.com --source reference pass://team/token": { why: "wants a store of pass", lines: (printed) => ["mkdir ../stores", "printf '#!/bin/sh\\necho team-token-value\\n' > ../stores/pass", "chmod +x ../stores/pass", `sh -c 'PATH="$DIR/../stores:$PATH" ${printed}'`] },
  "vault secrets import .env --delete-source": { why: "takes a file with known names alone", lines: (printed) => ["cp .env all.env", "sed -i -e /BILLING/d -e /PORT/d .env", printed, "vault secrets delete OPENAI_API_KEY", "cp all.env .env"] },
  "vault secrets import .env --host BILLING_KEY=billing.example.com --skip PORT": { why: "the next example imports one of its names", lines: (printed) => [printed, "vault secrets delete OPENAI_API_KEY"] },
};

/** The commands below EXAMPLES: behind `$`, or, where they do not begin with the program's name, indented below what they show. */
function printedExamples(id: string): string[] {
  const { stdout } = spawnSync(NODE, [RUN_JS, ...id.split(":"), "--help"], { encoding: "utf8", env: { PATH: process.env["PATH"], COLUMNS: "80" } });
  const [, section = ""] = /^EXAMPLES\n((?: .*\n|\n)*)/m.exec(stdout) ?? [];
  return section.split(/\n\n+/).map((block) => block.replace(/^\n/, "").trimEnd()).filter((block) => /^ {4}\S|^ *\$ /.test(block)).map((block) => block.replace(/^ *(?:\$ )?/, ""));
}

/** A backslash before a line end joins two lines. */
const asShellReads = (printed: string): string => printed.replaceAll(/\s*\\\n\s*/g, " ");

describe.skipIf(!hasTools())("the examples of --help (need curl and python3)", () => {
  const used = new Set<string>();
  beforeAll(async () => {
    providers = { device: await openLoginServer(), browser: await openLoginServer({ device: false }) };
  });
  afterAll(async () => {
    await Promise.all([providers.device.close(), providers.browser.close()]);
  });

  it("stand in the table, all commands and no others", () => {
    expect(Object.keys(BEFORE).sort()).toEqual(ids);
  });

  it.each(ids)("%s: run as printed", async (id) => {
    const printed = printedExamples(id);
    const written = (manifest.commands[id]?.examples ?? []).map((example) => (typeof example === "string" ? example : example.command).replaceAll("<%= config.bin %>", "vault"));
    expect(printed.map(asShellReads)).toEqual(written);
    expect(printed.length).toBeGreaterThan(0);
    const lines = printed.flatMap((example) => {
      const command = asShellReads(example);
      used.add(command);
      if (command.includes("--sandbox") && !can.wall) return [];
      return OTHERWISE[command]?.lines(command) ?? [command];
    });
    const file = join(makeFolder(), `${id.replace(":", " ")}.txt`);
    writeFileSync(file, [...(BEFORE[id] ?? []), ...lines].join("\n"));
    await runTranscript(file);
  }, 60_000);

  it("have no exception that no example needs", () => {
    expect(Object.keys(OTHERWISE).filter((command) => !used.has(command))).toEqual([]);
  });
});
