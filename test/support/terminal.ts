import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** A terminal needs Python's `pty`. */
export const hasTerminals = process.platform !== "win32" && spawnSync("python3", ["-c", "import pty"], { stdio: "ignore" }).status === 0;

export interface TestTerminal {
  /** Presses keys. */
  type(keys: string): void;
  /** Makes the terminal as large, which its foreground job is told of. It begins with 24 rows and 80 columns. */
  resize(rows: number, columns: number): void;
  /** Signals the job's first process, and nothing else of its group. */
  kill(signal: NodeJS.Signals): void;
  /** Continues the job, as a shell's `fg` does. */
  continueJob(): void;
  /** What the terminal has shown so far, and a line `<stopped SIGTSTP>`, `<exited 40>` or `<signalled SIGINT>` whenever the job changed its state. */
  shown(): string;
  /** Resolves once it has been shown. @param after so many characters of `shown()`. */
  shows(text: string, after?: number): Promise<void>;
  /** Ends the job, if it has not ended. */
  close(): void;
}

/** Runs a program as the foreground job of a terminal. */
export function openTerminal(command: readonly string[]): TestTerminal {
  const driver = spawn("python3", [fileURLToPath(new URL("terminal.py", import.meta.url)), ...command], { stdio: ["pipe", "pipe", "inherit"] });
  const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [String(number), name]));
  driver.stdin.on("error", () => undefined);
  let screen = "";
  let rest = "";
  driver.stdout.setEncoding("latin1").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [verb = "", detail = ""] = line.split(" ");
      screen += verb === "out" ? Buffer.from(detail, "hex").toString("utf8") : `<${verb} ${verb === "exited" ? detail : (signalNames.get(detail) ?? detail)}>`;
    }
  });
  const order = (line: string): void => void driver.stdin.write(`${line}\n`);
  return {
    type: (keys) => { order(`type ${Buffer.from(keys).toString("hex")}`); },
    resize: (rows, columns) => { order(`size ${rows} ${columns}`); },
    kill: (signal) => { order(`kill ${constants.signals[signal]}`); },
    continueJob: () => { order("continue"); },
    shown: () => screen,
    async shows(text, after = 0) {
      for (const deadlineMs = performance.now() + 15_000; !screen.includes(text, after); ) {
        if (performance.now() > deadlineMs) throw new Error(`the terminal shows no "${text}" but: ${screen}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close: () => void driver.stdin.end(),
  };
}
