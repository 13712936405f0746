// Single keys from the terminal device, whatever the standard streams are.
import { openSync } from "node:fs";
import { ReadStream } from "node:tty";

export interface KeyPresses {
  /** The next key, in lower case; several letters where they came together; undefined when the time is over, `ctrl-c` to give up. */
  next(timeoutMs: number): Promise<string | undefined>;
  /** Forgets what was pressed so far: it was meant for what was shown then. */
  forget(): void;
  /** The terminal is as before. For asking a line in between: `resume` goes on. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** What comes so soon behind bytes that are no key belongs to them: the rest of what was pasted, or of what the terminal answers a program that asks it something (`CSI 8 ; 24 ; 80 t`). */
const REST_MS = 200;

/** Whoever opened it closes it. The caller has seen that there is a terminal. */
export function openKeyPresses(): KeyPresses {
  const input = new ReadStream(openSync("/dev/tty", "r+"));
  let pressed: string[] = [];
  let wake = (): void => undefined;
  let restUntilMs = -Infinity;
  const hear = (chunk: Buffer): void => {
    // One key a time, or a few letters of one who types fast: the bytes of an arrow or of what was pasted are none of the keys that count.
    const text = chunk.toString("latin1");
    const isKey = text.length === 1 ? text !== "\u001B" : /^[A-Za-z]{2,8}$/.test(text);
    if (text === "\u0003" || text === "\u0004") pressed.push("ctrl-c");
    else if (!isKey || performance.now() < restUntilMs) restUntilMs = performance.now() + REST_MS;
    else pressed.push(text.toLowerCase());
    wake();
  };
  const start = (): void => {
    input.setRawMode(true);
    input.on("data", hear);
    input.resume();
  };
  const stop = (): void => {
    input.off("data", hear);
    input.pause();
    input.setRawMode(false);
  };
  start();
  return {
    async next(timeoutMs) {
      if (pressed.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => { clearTimeout(timer); resolve(); };
        });
        wake = () => undefined;
      }
      return pressed.shift();
    },
    forget() {
      pressed = [];
    },
    pause: stop,
    resume: start,
    close() {
      stop();
      input.destroy();
    },
  };
}
