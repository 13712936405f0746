// A program in a run with --ask-here has the terminal type for it. A terminal answers what is printed on it as if somebody had typed the answer; and the program reads from the same terminal, through its stdout, so that of an answer any letter can be left over for the run.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BuiltVault } from "../../support/built-vault.ts";
import { openBuiltVault } from "../../support/built-vault.ts";
import { can } from "../../support/machine.ts";
import { NODE, RUN_JS } from "../../support/program.ts";
import { VALUE } from "../../support/proxy-run.ts";
import type { RawUpstream } from "../../support/raw-upstream.ts";
import { openRawUpstream } from "../../support/raw-upstream.ts";
import type { TestTerminal } from "../../support/terminal.ts";
import { hasTerminals, openTerminal } from "../../support/terminal.ts";
import { hasTools } from "../../support/transcript.ts";

let upstream: RawUpstream;
let built: BuiltVault;
beforeAll(async () => { upstream = await openRawUpstream(); });
afterAll(() => upstream.close());
beforeEach(() => {
  built = openBuiltVault(`localhost:${upstream.port}`, VALUE, upstream.certificate);
  built.vault(["secrets", "update", "API_KEY", "--ask", "DELETE /**"]);
});
afterEach(() => {
  built.vault(["lock"]);
  built.close();
});

/** Starts the request, prints the question again and again, and takes all of each answer but what is to be left over. It goes on until its request is through, or nobody looks any more. */
const ATTACK = `
import os, subprocess, sys, termios, threading, time
question, taken = sys.argv[1].encode().decode("unicode_escape").encode("latin1"), int(sys.argv[2])
request = subprocess.Popen(sys.argv[3:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
def take():
    while True:
        os.read(1, taken)
threading.Thread(target=take, daemon=True).start()
while request.poll() is None:
    termios.tcflush(1, termios.TCIFLUSH)
    os.write(1, question)
    time.sleep(0.02)
os._exit(0)
`;

/** The terminal: it answers each question at once, as xterm, VTE, kitty, foot and others do. */
async function play(terminal: TestTerminal, question: string, answer: string, until: () => boolean): Promise<void> {
  let answered = 0;
  const emulation = setInterval(() => {
    const asked = terminal.shown().split(question).length - 1;
    for (; answered < asked; answered += 1) terminal.type(answer);
  }, 2);
  try {
    await expect.poll(until, { timeout: 30_000 }).toBe(true);
  } finally {
    clearInterval(emulation);
  }
}

describe.runIf(hasTools() && hasTerminals && can.wall)("(needs curl, python3 and bubblewrap) no request goes by what a terminal answers by itself:", () => {
  it.each([
    // Whether the cursor blinks (DECRQM). What is told ends in a y.
    { of: "a mode's report", question: "\u001B[?25$p", answer: "\u001B[?25;1$y", taken: 8, told: "for yes, type" },
    // A title that the program has chosen, in a terminal that ends it with a line end, or in which its end comes late.
    { of: "a title's report", question: "\u001B[21t", answer: "\u001B]lkrtz", taken: 3, told: "those were other letters" },
  ])("$of", async ({ question, answer, taken, told }) => {
    writeFileSync(join(built.folder, "attack.py"), ATTACK);
    const variables = [`PATH=${process.env["PATH"] ?? ""}`, `HOME=${built.folder}`, `TMPDIR=${built.folder}`, `VAULT_DIR=${join(built.folder, "vault")}`, "TERM=xterm"];
    const request = `curl -s -X DELETE https://localhost:${upstream.port}/here -H "Authorization: Bearer $API_KEY"`;
    const typed = question.replaceAll("\u001B", "\\\\x1b").replaceAll("$", "\\$");
    const terminal = openTerminal(["env", "-i", ...variables, "sh", "-c", `cd '${built.folder}' && '${NODE}' '${RUN_JS}' run --ask-here --sandbox --upstream-ca '${join(built.folder, "server.pem")}' -- sh -c 'python3 attack.py "${typed}" ${taken} ${request}' </dev/null`]);
    // It does get letters through, and would have been let go by the first of them.
    await play(terminal, question, answer, () => terminal.shown().includes(told) || terminal.shown().includes("<exited"));
    expect(terminal.shown()).toContain(told);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(upstream.received()).not.toContain("DELETE /here ");
    built.vault(["lock"]);
    await terminal.shows("<exited");
    terminal.close();
  });
});
