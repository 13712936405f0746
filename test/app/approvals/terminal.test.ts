// Requests of a real run, answered by a person's keys in another terminal: a real tmux where there is one, and a pseudo-terminal.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { can } from "../../support/machine.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { RawUpstream } from "../../support/raw-upstream.ts";
import { openRawUpstream } from "../../support/raw-upstream.ts";
import { hasTerminals, openTerminal } from "../../support/terminal.ts";
import { hasTools } from "../../support/transcript.ts";

const hasTmux = spawnSync("tmux", ["-V"], { stdio: "ignore" }).status === 0;

let upstream: RawUpstream;
let built: BuiltVault;
/** How much the server had received before the test. */
let before: number;
beforeAll(async () => { upstream = await openRawUpstream(); });
afterAll(() => upstream.close());
beforeEach(() => {
  before = upstream.received().length;
  built = openBuiltVault(`localhost:${upstream.port}`, VALUE, upstream.certificate);
  built.vault(["secrets", "update", "API_KEY", "--ask", "DELETE /**"]);
});
afterEach(() => {
  built.vault(["lock"]);
  built.close();
});

const curl = (path: string): string => `curl -s -w '%{http_code}\\n' -X DELETE https://localhost:${upstream.port}${path} -H "Authorization: Bearer $API_KEY"`;
const sent = (path: string): boolean => upstream.received().slice(before).includes(`DELETE ${path} `);
const variables = (): string[] => [`PATH=${process.env["PATH"] ?? ""}`, `HOME=${built.folder}`, `TMPDIR=${built.folder}`, `VAULT_DIR=${join(built.folder, "vault")}`, "TERM=xterm"];
const APPROVE = [NODE, RUN_JS, "approve"];

describe.runIf(hasTools())("(needs curl and python3) a request that waits", () => {
  it("is named on the run's stderr with what to type, goes out when that is typed, and is refused with the reason that is typed", async () => {
    const run = built.run(`${curl("/first")}; ${curl("/second")}`);
    await run.said("waits for you");
    const named = new RegExp(`vault: DELETE localhost:${upstream.port} with API_KEY waits for you; in another terminal: vault approve (\\w+) \\(or vault deny \\1\\)`).exec(run.output());
    expect(JSON.parse(built.vault(["approve", "--json"]))).toMatchObject([{ id: named?.[1], secret: "API_KEY", method: "DELETE", host: `localhost:${upstream.port}`, path: "/first", programs: process.platform === "linux" ? ["curl", expect.any(String)] : ["sh"] }]);
    expect(sent("/first")).toBe(false);
    expect(built.vault(["approve", named?.[1] ?? ""])).toContain("approved: DELETE");
    await run.said("200");
    expect(sent("/first")).toBe(true);
    await expect.poll(() => JSON.parse(built.vault(["approve", "--json"])) as unknown[]).toHaveLength(1);
    const [second] = JSON.parse(built.vault(["approve", "--json"])) as { id: string }[];
    built.vault(["deny", second?.id ?? "", "--reason", "not on a Friday"]);
    await run.ended;
    await expect.poll(() => run.output()).toMatch(/vault: API_KEY was not sent to localhost:\d+; by its rule "ask DELETE \/\*\*" somebody was asked, and said no: not on a Friday \(denied, request \S+\)\n403/);
    expect(sent("/second")).toBe(false);
    const folder = join(built.folder, "vault", "audit", "runs");
    const lines = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile()).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter((line) => line.startsWith("{")));
    const told = lines.map((line) => (JSON.parse(line) as { event: { kind: string } }).event).filter(({ kind }) => ["held", "approved", "denied", "unanswered"].includes(kind));
    expect(told).toMatchObject([{ kind: "held" }, { kind: "approved", by: "command", extent: "once" }, { kind: "held" }, { kind: "denied", by: "command" }]);
    expect(built.vault(["audit", "--verify"])).toContain("entries");
  });

  it("may be a wish of the program's, whose words are shown as such, and who is told the answer", async () => {
    const typed = `"${NODE}" "${RUN_JS}" ask`;
    const run = built.run(`${typed} OTHER_KEY --reason 'to deploy'; echo "status $?"; ${typed} api.example.com; echo "status $?"; curl -s --proxy "$HTTP_PROXY" "http://ask.vault.invalid/?for=X"`);
    await run.said("a wish for OTHER_KEY waits for you");
    expect(JSON.parse(built.vault(["approve", "--json"]))).toMatchObject([{ kind: "wish", host: "OTHER_KEY", path: "to deploy" }]);
    const idOf = (): string => (JSON.parse(built.vault(["approve", "--json"])) as { id: string }[])[0]?.id ?? "none";
    built.vault(["approve", idOf()]);
    await run.said("status 0");
    await expect.poll(idOf, { timeout: 15_000 }).not.toBe("none");
    built.vault(["deny", idOf(), "--reason", "not that host"]);
    await run.said("status 14");
    await run.said("the person who started the run said no: not that host");
    await expect.poll(idOf, { timeout: 15_000 }).not.toBe("none");
    built.vault(["deny", idOf()]);
    await run.ended;
    await expect.poll(() => run.output()).toContain('{"answer":"no","reason":""}');
  });

  it("is refused by a lock, and the run's next request too", async () => {
    const run = built.run(`${curl("/first")}; ${curl("/second")}`);
    await run.said("waits for you");
    built.vault(["lock"]);
    await run.ended;
    await expect.poll(() => run.output().match(/^403$/gm)).toHaveLength(2);
    await expect.poll(() => run.output()).toContain("(locked, request");
    expect(sent("/first") || sent("/second")).toBe(false);
  });

  it("is gone when its program is killed", async () => {
    const run = built.run(`${curl("/first")} & sleep 2; kill -KILL $!; sleep 60`);
    await run.said("waits for you");
    await expect.poll(() => built.vault(["approve"]), { timeout: 15_000 }).toBe("nothing waits\n");
    run.process.kill("SIGTERM");
    await run.ended;
    expect(sent("/first")).toBe(false);
  });
});

describe.runIf(hasTools() && hasTerminals)("(needs curl and python3) at a terminal", () => {
  it("each that waits is shown, and answered with one key", async () => {
    const terminal = openTerminal(["env", "-i", ...variables(), ...APPROVE]);
    await terminal.shows("nothing waits; what comes is shown here");
    const run = built.run([1, 2, 3, 4].map((number) => curl(`/${number}`)).join("; "));
    await terminal.shows(`DELETE localhost:${upstream.port}/1`);
    expect(terminal.shown()).toContain("ask DELETE /**");
    // Keys of which nobody can know what they were meant for do nothing.
    terminal.type("x");
    await new Promise((resolve) => setTimeout(resolve, 600));
    // What a terminal answers to a program that asks for its size ends in a letter that is one of the keys, and may be read in two pieces.
    terminal.type("\u001B[8;24;80");
    await new Promise((resolve) => setTimeout(resolve, 20));
    terminal.type("t");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(terminal.shown()).not.toContain("approved");
    terminal.type("y");
    await terminal.shows(`approved: DELETE localhost:${upstream.port}/1`);
    await terminal.shows(`DELETE localhost:${upstream.port}/2`);
    await new Promise((resolve) => setTimeout(resolve, 600));
    terminal.type("w");
    await terminal.shows("why not, for the program:");
    terminal.type("ask me later\r");
    await terminal.shows(`denied: DELETE localhost:${upstream.port}/2`);
    await terminal.shows(`DELETE localhost:${upstream.port}/3`);
    await new Promise((resolve) => setTimeout(resolve, 600));
    terminal.type("r");
    await run.ended;
    await expect.poll(() => run.output()).toContain("said no: ask me later");
    expect([1, 2, 3, 4].map((number) => sent(`/${number}`))).toEqual([true, false, true, true]);
    terminal.type("q");
    await terminal.shows("<exited 0>");
    terminal.close();
  });
});

describe.runIf(hasTools() && hasTerminals)("(needs curl and python3) at the run's own terminal", () => {
  const runAt = (options: string, input: string): ReturnType<typeof openTerminal> =>
    openTerminal(["env", "-i", ...variables(), "sh", "-c", `'${NODE}' '${RUN_JS}' run --ask-here ${options} --upstream-ca '${join(built.folder, "server.pem")}' -- sh -c '${[1, 2].map((number) => curl(`/here-${number}`)).join("; ").replaceAll("'", `'"'"'`)}' ${input}`]);

  it.runIf(can.wall)("each is asked for, and answered with one key (needs bubblewrap)", async () => {
    const terminal = runAt("--sandbox", "</dev/null");
    await terminal.shows(`DELETE localhost:${upstream.port}/here-1`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(sent("/here-1")).toBe(false);
    terminal.type("y");
    const [, word = ""] = /(\w{4}) \(these letters\) yes/.exec(terminal.shown()) ?? [];
    await terminal.shows(`for yes, type ${word}`);
    expect(sent("/here-1")).toBe(false);
    terminal.type(word);
    await terminal.shows(`DELETE localhost:${upstream.port}/here-2`);
    expect(sent("/here-1")).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    terminal.type("n");
    await terminal.shows("403");
    await terminal.shows("<exited 0>");
    expect(sent("/here-2")).toBe(false);
    terminal.close();
  });

  it("is refused where the program would read the same keys, or there is no terminal", async () => {
    const terminal = runAt("", "");
    await terminal.shows("--ask-here needs the terminal's keys for itself");
    await terminal.shows("<exited 125>");
    terminal.close();
    const run = built.run("true", {}, ["--ask-here"]);
    expect(await run.ended).toBe(125);
    await expect.poll(() => run.output()).toContain("--ask-here asks at a terminal, and there is none");
  });
});

describe.runIf(hasTools() && hasTmux)("(needs curl and tmux) in tmux", () => {
  it("one key in one pane lets the request of another go", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vault-tmux-"));
    const socket = join(folder, "tmux");
    const tmux = (...args: readonly string[]): string => spawnSync("env", ["-i", ...variables(), "tmux", "-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" }).stdout;
    const shown = (pane: string): string => tmux("capture-pane", "-p", "-t", pane);
    try {
      tmux("new-session", "-d", "-x", "120", "-y", "40", "-s", "person", "sh");
      tmux("split-window", "-t", "person", "sh");
      tmux("send-keys", "-t", "person:0.1", `'${NODE}' '${RUN_JS}' approve`, "Enter");
      await expect.poll(() => shown("person:0.1"), { timeout: 15_000 }).toContain("nothing waits");
      tmux("send-keys", "-t", "person:0.0", `'${NODE}' '${RUN_JS}' run --upstream-ca '${join(built.folder, "server.pem")}' -- sh -c '${curl("/tmux").replaceAll("'", `'"'"'`)}'`, "Enter");
      await expect.poll(() => shown("person:0.1"), { timeout: 15_000 }).toContain("/tmux");
      expect(sent("/tmux")).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 800));
      tmux("send-keys", "-t", "person:0.1", "y");
      await expect.poll(() => sent("/tmux"), { timeout: 15_000 }).toBe(true);
      await expect.poll(() => shown("person:0.0"), { timeout: 15_000 }).toMatch(/^200$/m);
      expect(shown("person:0.0")).toContain("in another terminal: vault approve");
    } finally {
      tmux("kill-server");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
