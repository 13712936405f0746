// What comes by the descriptor of signs: words of the wall's own shells, a line each, and between them bubblewrap's.
import type { Readable } from "node:stream";
import { ALIVE, NO_RESET, NO_ROUTE, VERSIONED } from "./outer-script.ts";

export interface Signs {
  /** Resolves when there is a namespace. */
  readonly alive: Promise<void>;
  /** A text in which a line is what bubblewrap has said of its version, if it has said anything. */
  readonly version: Promise<string>;
  /** What bubblewrap has said beside that, when all is over. */
  readonly words: Promise<string>;
  /** So far. */
  text(): string;
}

const TEXT_MAX = 16_384;

/** These are no complaints. Two processes write at a time, and bubblewrap writes a complaint in pieces: these may stand within one. */
const EXPECTED = new RegExp(`(?:${[ALIVE, VERSIONED, NO_RESET, NO_ROUTE].join("|")}|bubblewrap [0-9].*)\\n`, "g");

export function readSigns(stream: Readable): Signs {
  let text = "";
  stream.setEncoding("utf8");
  const ended = new Promise<void>((resolve) => {
    stream.on("error", resolve);
    stream.on("close", resolve);
  });
  const signOf = (word: string): Promise<void> => new Promise((resolve) => {
    stream.on("data", () => {
      if (text.split("\n").includes(word)) resolve();
    });
  });
  // Before those that look at the text.
  stream.on("data", (chunk: string) => { text = (text + chunk).slice(0, TEXT_MAX); });
  return {
    alive: signOf(ALIVE),
    version: Promise.race([signOf(VERSIONED), ended]).then(() => text),
    words: ended.then(() => text.replaceAll(EXPECTED, "").trim()),
    text: () => text,
  };
}
