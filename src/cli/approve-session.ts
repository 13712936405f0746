// `vault approve` at a terminal: what waits is shown as it comes, and each is answered with one key.
import type { Answer, Approvals, WaitingRequest } from "../app/approvals/waiting.ts";
import type { KeyPresses } from "./input/key-presses.ts";
import { openKeyPresses } from "./input/key-presses.ts";
import { askLine, note } from "./output/terminal.ts";
import { bodyLines, describeAct, waitingLines } from "./output/waiting-lines.ts";

const POLL_MS = 300;
/** A key that is pressed sooner after a request has come up was meant for what was shown before. */
const HESITATION_MS = 400;
const MINUTES = 10;
const KEYS = `  y once · r for this run · t for ${MINUTES} minutes · e this rule until the vault is locked · n no · w no, and why · b body · s next · q quit`;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ["y", { kind: "allow", extent: { kind: "once" } }],
  ["r", { kind: "allow", extent: { kind: "run" } }],
  ["t", { kind: "allow", extent: { kind: "time", ms: MINUTES * 60_000 } }],
  ["e", { kind: "allow", extent: { kind: "rule" } }],
  ["n", { kind: "deny", reason: "" }],
]);

/** Returns when the person gives up. */
export async function approveAtTerminal(approvals: Approvals): Promise<void> {
  const keys = openKeyPresses();
  try {
    await new Session(approvals, keys).go();
  } finally {
    keys.close();
  }
}

class Session {
  readonly #approvals: Approvals;
  readonly #keys: KeyPresses;
  /** Those that the person has put off. */
  readonly #later = new Set<string>();
  #shown: WaitingRequest | undefined;
  #shownAtMs = -Infinity;
  #hasSaidNothing = false;

  constructor(approvals: Approvals, keys: KeyPresses) {
    this.#approvals = approvals;
    this.#keys = keys;
  }

  async go(): Promise<void> {
    for (;;) {
      const waiting = await this.#approvals.list();
      this.#show(waiting);
      const shown = this.#shown;
      const key = await this.#keys.next(POLL_MS);
      if (key === "q" || key === "ctrl-c") return;
      if (performance.now() - this.#shownAtMs < HESITATION_MS) continue;
      if (key !== undefined && shown !== undefined) await this.#take(key, shown);
    }
  }

  /** Goes on to the next where the one that was shown waits no more. */
  #show(waiting: readonly WaitingRequest[]): void {
    if (this.#shown !== undefined) {
      if (waiting.some(({ id }) => id === this.#shown?.id)) return;
      note(`${this.#shown.id} waits no more`);
      this.#shown = undefined;
    }
    if (waiting.every(({ id }) => this.#later.has(id))) this.#later.clear();
    const next = waiting.find(({ id }) => !this.#later.has(id));
    if (next === undefined) {
      if (!this.#hasSaidNothing) note("nothing waits; what comes is shown here (q quits)");
      this.#hasSaidNothing = true;
      return;
    }
    this.#hasSaidNothing = false;
    this.#shown = next;
    note(["", ...waitingLines(next), ...(waiting.length > 1 ? [`  and ${waiting.length - 1} more ${waiting.length === 2 ? "waits" : "wait"}`] : []), KEYS].join("\n"));
    this.#keys.forget();
    this.#shownAtMs = performance.now();
  }

  async #take(key: string, shown: WaitingRequest): Promise<void> {
    switch (key) {
      case "b":
        note(bodyLines((await this.#approvals.look(shown.id)) ?? shown).join("\n"));
        return;
      case "s":
        this.#later.add(shown.id);
        this.#shown = undefined;
        return;
      case "w": {
        const reason = await this.#askReason();
        if (reason !== undefined) await this.#answer(shown, { kind: "deny", reason });
        return;
      }
      default: {
        const answer = ANSWERS.get(key);
        if (answer !== undefined) await this.#answer(shown, answer);
      }
    }
  }

  async #answer(shown: WaitingRequest, answer: Answer): Promise<void> {
    const isDone = await this.#approvals.answer(shown, answer);
    this.#shown = undefined;
    note(isDone ? `${answer.kind === "allow" ? "approved" : "denied"}: ${describeAct(shown.request, 120)}` : `${shown.id} waits no more`);
  }

  async #askReason(): Promise<string | undefined> {
    this.#keys.pause();
    try {
      return (await askLine("why not, for the program:")).slice(0, 500);
    } catch {
      return undefined;
    } finally {
      this.#keys.resume();
    }
  }
}
